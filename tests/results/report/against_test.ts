import assert from "node:assert/strict";
import { type Against, againstText } from "../../../results/report/against.ts";

const head = { experiment: "scenes", asked: "2026-01-02T03:04:05Z", runs: 3 };
const metric = (a: number | null, b: number | null): Against["metrics"][number] => ({
  stage: "recall",
  name: "i2t_r1",
  split: "test",
  variant: { alignment: "sparse" },
  a,
  b,
  difference: a === null || b === null ? null : b - a,
  runs: 3,
});

const against = (metrics: Against["metrics"]): Against => ({
  comparison: {
    a: head,
    b: head,
    differences: [{ stage: "tuned", what: "steps", a: "1", b: "2" }],
    onlyA: [],
    onlyB: ["tuned[seed=4]"],
    metrics,
  },
  metrics,
  same: 2,
});

Deno.test("what changed is told in lines that fit a terminal", () => {
  assert.equal(
    againstText(against([metric(0.25, 0.5), metric(null, 0.5)])),
    `since scenes as asked 2026-01-02 03:04 UTC:
  1 parameters, digests or inputs differ, 1 runs are in one alone
  2 of 4 main metrics changed
  recall sparse: i2t_r1 on test 0.250 → 0.500, +0.250
  recall sparse: i2t_r1 on test none → 0.500
`,
  );
  const many = againstText(against(Array.from({ length: 20 }, () => metric(0, 1))));
  assert.match(many, /… 8 more are in the report\n$/);
});

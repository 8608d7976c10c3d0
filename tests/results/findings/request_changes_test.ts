import assert from "node:assert/strict";
import {
  type Against,
  againstText,
  type ChangedMetric,
} from "../../../results/findings/request_changes.ts";
import { changeText } from "../../../results/findings/change_text.ts";
import { reportOf } from "../../support/made_report.ts";
import { storedExperiment, storedRequests, storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const head = { experiment: "scenes", asked: "2026-01-02T03:04:05Z", runs: 3 };
const metric = (a: number | null, b: number | null): ChangedMetric => ({
  stage: "recall",
  name: "i2t_r1",
  split: "test",
  variant: { alignment: "sparse" },
  a,
  b,
  difference: a === null || b === null ? null : b - a,
  runs: 3,
});
const compared = {
  stage: "recall",
  split: "test",
  metric: "i2t_r1",
  variant: "",
  baseline: "",
  difference: 0.25,
  low: 0.05,
  high: 0.45,
  p: 0.004,
  pHolm: 0.012,
  significant: true,
  detectable: 0.2,
  seeds: 3,
  askedSeeds: 0,
  queries: 100,
  images: 100,
  variants: 3,
  awaited: 0,
};

const against = (
  metrics: readonly ChangedMetric[],
  alone: Against["alone"] = [],
): Against => ({
  comparison: {
    a: head,
    b: head,
    differences: [{ stage: "tuned", what: "steps", a: "1", b: "2" }],
    onlyA: [],
    onlyB: ["tuned[seed=4]"],
    metrics,
  },
  metrics,
  alone,
  same: 2,
  question: { what: "", sql: "" },
});

Deno.test("what changed is told in lines that fit a terminal", () => {
  const changed = { ...metric(0.25, 0.5), compared };
  assert.equal(
    againstText(against([changed, metric(0.25, 0.125)], [metric(null, 0.5)])),
    `since scenes as asked 2026-01-02 03:04 UTC:
  1 parameters, digests or inputs differ, 1 runs are in one alone
  2 of 4 main metrics changed (recalls in percent; 95 % interval, p (Holm))
  1 main metrics are in one of the two alone
  recall sparse: i→t R@1 on test 25.0 → 50.0, +25.0 [+5.0, +45.0] p 0.012 ▲
  recall sparse: i→t R@1 on test 25.0 → 12.5, −12.5
  recall sparse: i→t R@1 on test only now: 50.0
`,
  );
  const many = againstText(against(Array.from({ length: 20 }, () => metric(0, 1))));
  assert.match(many, /… 8 more are in the report\n$/);
  const long = againstText(against([{ ...changed, variant: { alignment: "x".repeat(80) } }]));
  assert.ok(long.split("\n").every((line) => line.length <= 80));
  assert.match(long, /… 25\.0 → 50\.0, \+25\.0 \[\+5\.0, \+45\.0\] p 0\.012 ▲\n/);
});

Deno.test("a change is written with as many digits as it takes to see it", () => {
  const text = (name: string, a: number, b: number) => {
    const { before, now, change } = changeText({ name, split: null, a, b, difference: b - a });
    return [before, now, change];
  };
  assert.deepEqual(text("i2t_r1", 0.25, 0.5), ["25.0", "50.0", "+25.0"]);
  assert.deepEqual(text("t2i_r1", 0.269, 0.2688), ["26.90", "26.88", "−0.02"]);
  assert.deepEqual(text("i2t_r1", 0.27061, 0.27119), ["27.06", "27.12", "+0.06"]);
  assert.deepEqual(text("isda", 0.1234, 0.1236), ["0.1234", "0.1236", "+0.0002"]);
});

Deno.test("recalls of both askings are compared query by query, and what one has alone is no change", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  storeResults(root);
  const askings = storedRequests(root);
  const rewrite = (asking: number, alignment: string, table: string, of: (row: Row) => Row[]) => {
    for (const { stage, key, point } of askings[asking]!.nodes) {
      if (stage !== "recall" || point.alignment !== alignment) continue;
      const file = `${root}/artifacts/evaluate/${key}/artifact/rows/${table}.jsonl`;
      const rows = Deno.readTextFileSync(file).trimEnd().split("\n")
        .flatMap((line) => of(JSON.parse(line)));
      Deno.writeTextFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    }
  };
  // All six images find their captions now, none did before.
  for (const [asking, rank] of [[0, 9], [1, 1]] as const) {
    rewrite(asking, "sparse", "query_rank", (row) => [
      row["direction"] === "i2t" ? { ...row, rank } : row,
    ]);
    rewrite(asking, "sparse", "metric", (row) => [
      row["name"] === "i2t_r1" ? { ...row, value: asking } : row,
    ]);
  }
  rewrite(0, "singular", "metric", (row) => row["name"] === "t2i_r1" ? [] : [row]);

  const { printed, markdown, page } = await reportOf(root, {
    experiment: storedExperiment,
    against: `${storedExperiment}~1`,
  });

  // Two of 2^6 choices of signs are as far; Holm counts the four variants that were trained again.
  assert.match(
    printed,
    /recall sparse: i→t R@1 on test 0\.0 → 100\.0, \+100\.0 \[\+100\.0, \+100\.0\] p 0\.125$/m,
  );
  assert.match(
    markdown,
    /\| recall \| i→t R@1 \| test \| sparse \| 0\.0 \| 100\.0 \| \+100\.0 \| 3 \| \+100\.0 … \+100\.0 \| 0\.125 \|/,
  );
  assert.match(
    markdown,
    /## In one of the two alone[^#]*\| recall \| t→i R@1 \| test \| singular \| missing \| \d+\.\d \| 3 \|/,
  );
  assert.match(page, /id="metrics-alone"/);
  assert.match(page, /hits more than before, image by image/);
});

type Row = Record<string, unknown>;

import assert from "node:assert/strict";
import type { ChangedMetric, RequestChanges } from "../../../results/findings/request_changes.ts";
import { changesText, changeText } from "../../../results/findings/request_change_text.ts";
import { changeArtifact } from "../../support/resealed.ts";
import { reportOf } from "../../support/made_report.ts";
import { storedExperiment, storedRequests, storeResults } from "../../support/stored_results.ts";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { requestFile } from "../../../pipeline/store/request_record.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { madeComparison } from "../../support/made_comparison.ts";

const head = { experiment: "scenes", requested: "2026-01-02T03:04:05Z", runs: 3 };
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
const compared = madeComparison({
  variant: "",
  baseline: "",
  difference: 0.25,
  low: 0.05,
  high: 0.45,
  p: 0.004,
  pHolm: 0.012,
  significant: true,
  detectable: 0.2,
  requestedSeeds: 0,
  variants: 3,
});

const changes = (
  metrics: readonly ChangedMetric[],
  unmatched: RequestChanges["unmatched"] = [],
): RequestChanges => ({
  comparison: {
    a: head,
    b: head,
    differences: [{ stage: "tuned", what: "steps", a: "1", b: "2" }],
    onlyA: [],
    onlyB: ["tuned[seed=4]"],
    metrics,
  },
  metrics,
  unmatched,
  unchanged: 2,
  question: { what: "", sql: "" },
});

Deno.test("changesText() fits a terminal", () => {
  const changed = { ...metric(0.25, 0.5), compared };
  assert.equal(
    changesText(changes([changed, metric(0.25, 0.125)], [metric(null, 0.5)])),
    `Compared with scenes as requested 2026-01-02 03:04 UTC:
  1 parameter, digest or input changed; 1 run in only one of the two
  2 of 4 main metrics changed (recalls in %; 95 % interval, Holm-corrected p)
  1 main metric in only one of the two
  recall sparse: i→t R@1 on test 25.0 → 50.0, +25.0 [+5.0, +45.0] p 0.012 ▲
  recall sparse: i→t R@1 on test 25.0 → 12.5, −12.5
  recall sparse: i→t R@1 on test only now: 50.0
`,
  );
  const many = changesText(changes(Array.from({ length: 20 }, () => metric(0, 1))));
  assert.match(many, /… 8 more in the report\n$/);
  const long = changesText(changes([{ ...changed, variant: { alignment: "x".repeat(80) } }]));
  assert.ok(long.split("\n").every((line) => line.length <= 80));
  assert.match(long, /… 25\.0 → 50\.0, \+25\.0 \[\+5\.0, \+45\.0\] p 0\.012 ▲\n/);
});

Deno.test("changeText() uses as many decimals as it takes to see a change", () => {
  const text = (name: string, a: number, b: number) => {
    const { before, now, change } = changeText({ name, split: null, a, b, difference: b - a });
    return [before, now, change];
  };
  assert.deepEqual(text("i2t_r1", 0.25, 0.5), ["25.0", "50.0", "+25.0"]);
  assert.deepEqual(text("t2i_r1", 0.269, 0.2688), ["26.90", "26.88", "−0.02"]);
  assert.deepEqual(text("i2t_r1", 0.27061, 0.27119), ["27.06", "27.12", "+0.06"]);
  assert.deepEqual(text("isda", 0.1234, 0.1236), ["0.1234", "0.1236", "+0.0002"]);
});

Deno.test("--against compares recalls query by query, and separates metrics of only one request", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  storeResults(root);
  improveSparse(root);
  rewriteRows(
    root,
    { request: 0, alignment: "singular", table: "metric" },
    (row) => row["name"] === "t2i_r1" ? [] : [row],
  );

  const { printed, markdown, page } = await reportOf(root, {
    experiment: storedExperiment,
    against: `${storedExperiment}~1`,
  });

  // Two of 2^6 sign assignments are as extreme; Holm counts the four variants that were retrained.
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
    /## Metrics of only one of the two requests[^#]*\| recall \| t→i R@1 \| test \| singular \| missing \| \d+\.\d \| 3 \|/,
  );
  assert.match(page, /id="unmatched-metrics"/);
  assert.match(page, /change in hits per image and per pair/);
});

type Row = Record<string, unknown>;

/** All six images rank a caption first in the later request; none did in the earlier one. */
function improveSparse(root: string): void {
  for (const [request, rank] of [[0, 9], [1, 1]] as const) {
    const sparse = { request, alignment: "sparse" };
    rewriteRows(root, { ...sparse, table: "query_rank" }, (row) => [
      row["direction"] === "i2t" ? { ...row, rank } : row,
    ]);
    rewriteRows(root, { ...sparse, table: "metric" }, (row) => [
      row["name"] === "i2t_r1" ? { ...row, value: request } : row,
    ]);
  }
}

/** Changes the rows of the evaluations of an alignment. */
function rewriteRows(
  root: string,
  { request, alignment, table }: { request: number; alignment: string; table: string },
  of: (row: Row) => Row[],
): void {
  for (const { stage, key, point } of storedRequests(root)[request]!.nodes) {
    if (stage !== "recall" || point.alignment !== alignment) continue;
    changeArtifact(`${root}/artifacts/evaluate/${key}`, `rows/${table}.jsonl`, (text) => {
      const rows = text.trimEnd().split("\n").flatMap((line) => of(JSON.parse(line)));
      return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    });
  }
}

Deno.test("--against takes the points of two seed axes for repetitions of one variant", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  storeResults(root);
  improveSparse(root);
  const changesOf = async () => {
    const { printed, markdown } = await reportOf(root, {
      experiment: storedExperiment,
      against: `${storedExperiment}~1`,
    });
    const table = /^## Changed metrics[^]*?(?=^## )/m.exec(markdown)?.[0];
    assert.ok(table);
    return [/^Compared with [^]*?\n\n/m.exec(printed)?.[0], table];
  };
  const expected = await changesOf();
  assert.match(expected[0]!, /^ {2}recall sparse: /m);
  for (const { id } of storedRequests(root)) {
    const file = requestFile(openStore(root), id);
    const record = JSON.parse(Deno.readTextFileSync(file));
    for (const node of record.nodes) {
      if (node.point.seed === undefined) continue;
      const { seed, ...point } = node.point;
      node.point = { "scenes.seed": seed % 2, ...point, "tuned.seed": seed };
    }
    Deno.writeTextFileSync(file, JSON.stringify(record));
  }
  assert.deepEqual(await changesOf(), expected);
});

/** Metrics and ranks that an evaluation should have written are reported, even if no run has them. */
import assert from "node:assert/strict";
import { changeArtifact } from "../../support/resealed.ts";
import { DuckDBInstance } from "@duckdb/node-api";
import { missingMetrics } from "../../../results/findings/metric_gaps.ts";
import { madeReport } from "../../support/made_report.ts";
import type { ReportedOptions } from "../../support/reported_results.ts";

/** @param damage changes the lines of a table of the n-th evaluation, from 0 */
const reportOf = (
  options: ReportedOptions,
  damage: (table: string, lines: string[], place: number) => string[] = (_, lines) => lines,
) =>
  madeReport(options, {
    option: "--results /r",
    change(root) {
      const runs = `${root}/artifacts/evaluate`;
      const names = [...Deno.readDirSync(runs)].map(({ name }) => name).sort();
      for (const [place, name] of names.entries()) {
        for (const table of ["metric", "query_rank"]) {
          changeArtifact(`${runs}/${name}`, `rows/${table}.jsonl`, (text) => {
            const lines = damage(table, text.trimEnd().split("\n"), place);
            return lines.map((line) => `${line}\n`).join("");
          });
        }
      }
    },
  });

const ranks = Object.fromEntries([
  ["rsum", 3],
  ["tied_queries", 0],
  ...["i2t", "t2i"].flatMap((direction) =>
    ["median_rank", "mean_rank", "mrr", "ndcg"].map((name) => [`${direction}_${name}`, 1])
  ),
]);

Deno.test("a report lists metrics that the parameters request, even if no run has them", async () => {
  const { printed, markdown, page } = await reportOf({
    variants: ["none"],
    seeds: 1,
    recallAt: [1, 5],
    metrics: ranks,
    evaluate: { recall_at: [1, 5, 50], folds: 2, rerank: 20 },
  });
  // R@50 of both directions; 7 of the folds; 14 of the shortlist, found twice, and its pairs.
  assert.match(printed, /^26 metrics missing$/m);
  for (const metric of ["t2i_r50", "fold2_i2t_r1", "fold2_rsum", "rerank_lost_t2i_r5"]) {
    assert.ok(
      markdown.includes(`| recall\\[alignment=none,seed=1\\] | ${metric} | test |`),
      metric,
    );
    assert.ok(page.includes(`<td>${metric}</td>`), metric);
  }
});

Deno.test("a report of complete evaluations lists nothing as missing", async () => {
  const { printed, markdown } = await reportOf({
    variants: ["none", "sparse"],
    seeds: 1,
    metrics: ranks,
    evaluate: { recall_at: [1, 5, 10], rerank: 0 },
  });
  assert.doesNotMatch(printed, /missing/);
  assert.match(markdown, /None: every run is complete and has all its metrics/);
});

Deno.test("a report lists evaluations without ranks, or with some ranks missing", async () => {
  const { printed, markdown, page } = await reportOf(
    { variants: ["none", "sparse"], seeds: 2, images: 6 },
    (table, lines, place) =>
      table === "metric" || place > 1
        ? lines
        : place === 0
        ? []
        : lines.filter((line) => !line.includes('"i2t","query":"test_3"')),
  );
  assert.match(printed, /^ranks of queries missing in 2 evaluations$/m);
  assert.match(markdown, /\| i2t \| 0 of 6 queries \|\n.*\| t2i \| 0 of 12 queries \|/);
  assert.match(markdown, /\| i2t \| 5 of 6 queries \|/);
  assert.match(page, /<td>5 of 6 queries<\/td>/);
  const none = await reportOf(
    { variants: ["none"], seeds: 1 },
    (table, lines) => table === "metric" ? lines : [],
  );
  assert.match(none.markdown, /\| i2t \| no queries \|/);
});

Deno.test("a report shows the command that continues with a run that has not been run", async () => {
  const { markdown, page } = await reportOf({
    variants: ["none", "sparse"],
    seeds: 1,
    without: ["recall[alignment=sparse,seed=1]"],
  });
  const resume = "deno task run experiments/reported.yaml --results /r";
  assert.ok(
    markdown.includes(`| recall\\[alignment=sparse,seed=1\\] | not run |  | ${resume} |`),
    markdown,
  );
  assert.ok(page.includes(`<td>${resume}</td>`));
});

const schema = Deno.readTextFileSync(
  new URL("../../../results/database/schema.sql", import.meta.url),
);

/** Of runs by label: `[stage, kind, split, metrics]`, a metric as `name split`. */
async function missing(
  runs: Readonly<Record<string, readonly [string, string, string, readonly string[]]>>,
): Promise<string[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(schema);
    for (const [place, [run, [stage, kind, split, metrics]]] of Object.entries(runs).entries()) {
      await connection.run(`
        INSERT INTO experiment_run VALUES ('e', '${run}', '${stage}', '${run}', ${place});
        INSERT INTO stage_run (run, stage, kind, label, status)
          VALUES ('${run}', '${stage}', '${kind}', '${run}', 'complete');
        INSERT INTO parameter (run, name, value) VALUES
          ('${run}', 'split', '${split}'), ('${run}', 'recall_at', '[1]')`);
      for (const metric of metrics) {
        const [name, on] = metric.split(" ");
        await connection.run("INSERT INTO metric VALUES ($1, $2, $3, 0.5)", [run, name!, on!]);
      }
    }
    const { rows } = await missingMetrics(connection, "e");
    return rows.map(({ label, metric, split }) => `${label}: ${metric} on ${split}`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** All metrics that every evaluation has. */
const everyMetric = (split: string) =>
  [
    ...["rsum", "tied_queries"],
    ...["i2t", "t2i"].flatMap((direction) =>
      ["r1", "median_rank", "mean_rank", "mrr", "ndcg"].map((name) => `${direction}_${name}`)
    ),
  ].map((name) => `${name} ${split}`);

Deno.test("evaluations of different splits, and oracles, are not missing each other's metrics", async () => {
  assert.deepEqual(
    await missing({
      test: ["recall", "evaluate", "test", [...everyMetric("test"), "pair_group swap"]],
      val: ["recall", "evaluate", "val", [...everyMetric("val"), "pair_group swap_val"]],
      none: ["recall", "evaluate", "train", everyMetric("train")],
      objects_test: ["objects", "oracle", "test", ["t2i_r1 test"]],
      objects_val: ["objects", "oracle", "val", ["t2i_r1 val"]],
    }),
    [],
  );
});

Deno.test("pair accuracies that another run has on the same split are missing", async () => {
  assert.deepEqual(
    await missing({
      first: ["recall", "evaluate", "test", [...everyMetric("test"), "pair_group swap"]],
      second: ["recall", "evaluate", "test", everyMetric("test")],
      third: ["recall", "evaluate", "val", [...everyMetric("val"), "pair_text swap_val"]],
      fourth: ["recall", "evaluate", "val", everyMetric("val")],
    }),
    ["second: pair_group on swap", "fourth: pair_text on swap_val"],
  );
});

Deno.test("a training without alignment misses no `flattened`, one that did not learn no `updates_to_90`", async () => {
  assert.deepEqual(
    await missing({
      none: ["tuned", "fine_tune", "", ["collapsed "]],
      singular: ["tuned", "fine_tune", "", ["collapsed ", "flattened ", "updates_to_90 "]],
      other: ["tuned", "fine_tune", "", ["flattened "]],
    }),
    ["other: collapsed on "],
  );
});

import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  linearBaselineExplained,
  linearBaselineLines,
  linearBaselinesOf,
} from "../../../results/findings/linear_baseline.ts";

const schema = Deno.readTextFileSync(
  new URL("../../../results/database/schema.sql", import.meta.url),
);

type Evaluated = readonly [
  stage: string,
  kind: string,
  variant: Readonly<Record<string, string>>,
  seed: number,
  rsum: number,
];

async function lines(runs: readonly Evaluated[]): Promise<string[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(schema);
    for (const [place, [stage, kind, variant, seed, rsum]] of runs.entries()) {
      const run = `r${place}`;
      await connection.run("INSERT INTO experiment_run VALUES ('e', $1, $2, $2, $3)", [
        run,
        stage,
        place,
      ]);
      await connection.run(
        "INSERT INTO stage_run (run, stage, kind, label, status) VALUES ($1, $2, $3, $2, 'complete')",
        [run, stage, kind],
      );
      await connection.run("INSERT INTO metric VALUES ($1, 'rsum', 'test', $2)", [run, rsum]);
      const points = Object.entries({ ...variant, ...(seed > 0 && { seed }) });
      for (const [axis, value] of points) {
        const values = [run, axis, String(value)];
        await connection.run("INSERT INTO run_point VALUES ('e', $1, $2, $3, $1)", values);
      }
    }
    const lines = linearBaselineLines(await linearBaselinesOf(connection, "e"));
    assert.ok(lines.every((line) => line.length <= 80));
    const explained = lines.findIndex((line) => line.startsWith("linear baseline"));
    assert.equal(
      lines.slice(0, Math.max(0, explained)).join(" "),
      lines.length === 0 ? "" : linearBaselineExplained,
    );
    return lines.slice(Math.max(0, explained));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const [none, sparse] = [{ alignment: "none" }, { alignment: "sparse" }];
const linear: Evaluated = ["linear", "linear_baseline", {}, 0, 4];

Deno.test("each evaluated stage is compared with the linear baseline, by means over seeds", async () => {
  assert.deepEqual(
    await lines([
      linear,
      ["recall", "evaluate", none, 1, 4.2],
      ["recall", "evaluate", none, 2, 4.0],
      ["recall", "evaluate", sparse, 1, 4.05],
      ["recall_cross", "evaluate", none, 1, 1.5],
      ["mixed", "evaluate", none, 1, 3.9],
      ["mixed", "evaluate", sparse, 1, 4.3],
    ]),
    [
      "linear baseline `linear` on test: 400.0",
      "  recall: 405.0 … 410.0, reaches the baseline",
      "  recall_cross: 150.0, below the baseline",
      "  mixed: 390.0 … 430.0, reaches the baseline in 1 of 2 variants",
    ],
  );
});

Deno.test("without a linear baseline or without other stages there are no lines", async () => {
  assert.deepEqual(await lines([["recall", "evaluate", none, 1, 4.2]]), []);
  assert.deepEqual(await lines([linear]), []);
});

Deno.test("a swept linear baseline is compared only with variants that share its values", async () => {
  const [first, second] = [{ validation: "a.txt" }, { validation: "b, c.txt" }];
  assert.deepEqual(
    await lines([
      ["linear", "linear_baseline", first, 0, 4],
      ["linear", "linear_baseline", second, 0, 3],
      ["recall", "evaluate", { ...none, ...first }, 1, 4.1],
      ["recall", "evaluate", { ...none, ...second }, 1, 3.5],
      ["recall", "evaluate", { ...sparse, ...second }, 1, 2.9],
    ]),
    [
      "linear baseline `linear` (validation=a.txt) on test: 400.0",
      "  recall: 410.0, reaches the baseline",
      "linear baseline `linear` (validation=b, c.txt) on test: 300.0",
      "  recall: 290.0 … 350.0, reaches the baseline in 1 of 2 variants",
    ],
  );
});

import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { yardstickLines, yardsticksOf } from "../../../results/findings/yardstick.ts";

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
        await connection.run("INSERT INTO run_point VALUES ('e', $1, $2, $3)", values);
      }
    }
    return yardstickLines(await yardsticksOf(connection, "e"));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const [none, sparse] = [{ alignment: "none" }, { alignment: "sparse" }];
const linear: Evaluated = ["linear", "linear_baseline", {}, 0, 4];

Deno.test("each evaluated stage is held beside the yardstick, by means over seeds", async () => {
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
      "linear yardstick `linear` on test: sum of the six recalls 400.0",
      "  recall reaches it: 405.0 … 410.0",
      "  recall_cross does not reach it: 150.0",
      "  mixed reaches it in 1 of 2 variants: 390.0 … 430.0",
    ],
  );
});

Deno.test("without a yardstick, or with it alone, nothing is said", async () => {
  assert.deepEqual(await lines([["recall", "evaluate", none, 1, 4.2]]), []);
  assert.deepEqual(await lines([linear]), []);
});

Deno.test("a swept yardstick is held beside what shares its values, and beside no other data", async () => {
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
      "linear yardstick `linear` (validation=a.txt) on test: sum of the six recalls 400.0",
      "  recall reaches it: 410.0",
      "linear yardstick `linear` (validation=b, c.txt) on test: sum of the six recalls 300.0",
      "  recall reaches it in 1 of 2 variants: 290.0 … 350.0",
    ],
  );
});

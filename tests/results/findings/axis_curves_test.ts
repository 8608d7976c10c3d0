import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { axisCurvesOf, seedInterval } from "../../../results/findings/axis_curves.ts";
import { variantsOf } from "../../../results/findings/variants.ts";

const schema = Deno.readTextFileSync(
  new URL("../../../results/database/schema.sql", import.meta.url),
);

/** Recall of each alignment, amount and seed: `valueOf` gives it. The baseline is `none`. */
async function curves(
  amounts: readonly string[],
  valueOf: (alignment: string, amount: string, seed: number) => number,
) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(schema);
    await connection.run("INSERT INTO experiment VALUES ('e', 'x', 'x.yaml', NULL, now())");
    await connection.run("INSERT INTO baseline VALUES ('e', 'alignment', 'none')");
    let position = 0;
    for (const amount of amounts) {
      for (const alignment of ["sparse", "none"]) {
        for (const seed of [1, 2]) {
          const run = `${amount}-${alignment}-${seed}`;
          await connection.run("INSERT INTO experiment_run VALUES ('e', $1, 'recall', $1, $2)", [
            run,
            position++,
          ]);
          await connection.run(
            `INSERT INTO run_point VALUES
             ('e', $1, 'amount', $2, $1), ('e', $1, 'alignment', $3, $1), ('e', $1, 'seed', $4, $1)`,
            [run, amount, alignment, String(seed)],
          );
          await connection.run(
            `INSERT INTO stage_run (run, stage, kind, label, status)
             VALUES ($1, 'recall', 'evaluate', $1, 'complete')`,
            [run],
          );
          await connection.run("INSERT INTO metric VALUES ($1, 't2i_r1', 'test', $2)", [
            run,
            valueOf(alignment, amount, seed),
          ]);
        }
      }
    }
    const { rows } = await axisCurvesOf(connection, "e", await variantsOf(connection, "e"));
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

Deno.test("an axis of numbers gives a curve for each combination of the other axes, means over seeds", async () => {
  const rows = await curves(
    ["50", "800", "200"],
    (alignment, amount, seed) => Number(amount) / 1000 + (alignment === "none" ? 0 : seed / 100),
  );
  assert.deepEqual(
    rows.map(({ axis, variant, baseline, x, mean, seeds }) => [
      ...[axis, variant, baseline, x],
      ...[Math.round(mean * 1000), seeds],
    ]),
    [
      ["amount", "sparse", false, 50, 65, 2],
      ["amount", "none", true, 50, 50, 2],
      ["amount", "sparse", false, 800, 815, 2],
      ["amount", "none", true, 800, 800, 2],
      ["amount", "sparse", false, 200, 215, 2],
      ["amount", "none", true, 200, 200, 2],
    ],
  );
});

Deno.test("two values, or values that are not numbers, give no curve", async () => {
  assert.deepEqual(await curves(["50", "800"], () => 0.5), []);
  assert.deepEqual(await curves(["50", "800", "all"], () => 0.5), []);
});

Deno.test("the interval over seeds is Student's, and one seed has none", () => {
  // Two seeds 0.1 and 0.3: standard deviation 0.1414, t = 12.706.
  const [low, high] = seedInterval({ mean: 0.2, spread: Math.sqrt(0.02), seeds: 2 })!;
  assert.ok(Math.abs(high - (0.2 + 12.706 * 0.1)) < 1e-12);
  assert.ok(Math.abs(low - (0.2 - 12.706 * 0.1)) < 1e-12);
  assert.equal(seedInterval({ mean: 0.2, spread: null, seeds: 1 }), undefined);
});

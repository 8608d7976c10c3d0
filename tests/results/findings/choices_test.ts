import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { choiceCells, choiceLines, choicesOf } from "../../../results/findings/choices.ts";
import { rowsOf } from "../../../results/database/read_results.ts";
import { variantsOf } from "../../../results/findings/variants.ts";

const schema = Deno.readTextFileSync(
  new URL("../../../results/database/schema.sql", import.meta.url),
);

/** Of alignment, seed and weight: what `on_val` measured. */
type Measured = (alignment: string, seed: number, weight: number) => number;

const alignments = ["none", "singular"];
const seeds = [1, 2, 3];
const weights = [0.5, 2];

/** Models by alignment, seed and weight, evaluated on `val`; the best by weight is tested. */
async function chosen(measured: Measured) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(schema);
    await connection.run(`INSERT INTO experiment VALUES ('e', 'x', 'x.yaml', NULL, now());
      INSERT INTO baseline VALUES ('e', 'alignment', 'none')`);
    let position = 0;
    const add = async (stage: string, run: string, point: Record<string, string | number>) => {
      const axes = Object.entries(point)
        .map(([axis, value]) => `('e', '${run}', '${axis}', '${value}', '${run}')`);
      await connection.run(`
        INSERT INTO experiment_run VALUES ('e', '${run}', '${stage}', '${run}', ${position++});
        INSERT INTO stage_run (run, stage, kind, label, status)
          VALUES ('${run}', '${stage}', '${stage}', '${run}', 'complete');
        INSERT INTO run_point VALUES ${axes}`);
    };
    const reads = (run: string, port: string, input: string) =>
      connection.run("INSERT INTO edge VALUES ($1, $2, $3)", [run, port, input]);
    for (const alignment of alignments) {
      for (const seed of seeds) {
        const name = `${alignment}-${seed}`;
        const values = weights.map((weight) => measured(alignment, seed, weight));
        const best = values.indexOf(Math.max(...values));
        for (const [place, weight] of weights.entries()) {
          const point = { alignment, alignment_weight: weight, seed };
          await add("tuned", `tuned-${name}-${weight}`, point);
          await connection.run(`INSERT INTO parameter (run, name, value) VALUES
            ('tuned-${name}-${weight}', 'alignment', '${alignment}'),
            ('tuned-${name}-${weight}', 'seed', '${seed}'),
            ('tuned-${name}-${weight}', 'alignment_weight', '${weight}')`);
          await add("on_val", `on_val-${name}-${weight}`, point);
          await reads(`on_val-${name}-${weight}`, "model", `tuned-${name}-${weight}`);
          await connection.run(`
            INSERT INTO metric VALUES ('on_val-${name}-${weight}', 't2i_r1', 'val', ${values[
            place
          ]!});
            INSERT INTO choice VALUES ('best-${name}', ${
            place + 1
          }, 'alignment_weight=${weight}', 't2i_r1', 'val', ${values[place]!}, ${place === best})`);
        }
        await add("best", `best-${name}`, { alignment, seed });
        for (const weight of weights) {
          const slot = `[alignment_weight=${weight}]`;
          await reads(`best-${name}`, `from${slot}`, `tuned-${name}-${weight}`);
          await reads(`best-${name}`, `by${slot}`, `on_val-${name}-${weight}`);
        }
        await add("recall", `recall-${name}`, { alignment, seed });
        await reads(`recall-${name}`, "model", `best-${name}`);
        await connection.run(`INSERT INTO metric VALUES ('recall-${name}', 't2i_r1', 'test', 0.5)`);
      }
    }
    const variants = await variantsOf(connection, "e");
    return {
      variants,
      choices: (await choicesOf(connection, "e", variants)).rows,
      lineage: await rowsOf<{ ancestor: string }>(
        connection,
        `SELECT ancestor FROM lineage WHERE run = 'recall-singular-2' AND ancestor LIKE 'tuned%'`,
      ),
      ancestors: await rowsOf<{ ancestor: string }>(
        connection,
        `SELECT ancestor FROM ancestor WHERE run = 'recall-singular-2' AND ancestor LIKE 'tuned%'`,
      ),
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const measured: Measured = (alignment, seed, weight) =>
  alignment === "none" ? seed / 10 : (weight === 2) === (seed === 2) ? 0.25 : 0.5;

Deno.test("what was chosen is listed by variant with its seeds, in lines of the terminal", async () => {
  const { choices } = await chosen(measured);
  assert.deepEqual(choiceLines(choices), [
    "best was chosen by t→i R@1 on val, from 2 points each:",
    "  none: alignment_weight=0.5, all points are equal",
    "  singular: alignment_weight=2 (seeds 1, 3), alignment_weight=0.5 (seed 2)",
  ]);
  assert.deepEqual(choices.map(choiceCells), [
    [
      "best",
      "none",
      "alignment_weight=0.5 (all points are equal)",
      "1, 2, 3",
      "t→i R@1 on val",
      "20.0",
    ],
    ["best", "singular", "alignment_weight=2", "1, 3", "t→i R@1 on val", "50.0"],
    ["best", "singular", "alignment_weight=0.5", "2", "t→i R@1 on val", "50.0"],
  ]);
  assert.ok(choiceLines(choices).every((line) => line.length <= 80));
});

Deno.test("tables are of what the choice is tested on, not of what decided it, and by its own axes", async () => {
  const { variants } = await chosen(measured);
  assert.deepEqual(variants.ranking, [{ stage: "recall", variants: 2 }]);
  assert.equal(variants.baseline, "none");
});

Deno.test("the lineage of a tested choice has the chosen model alone; all are its ancestors", async () => {
  const { lineage, ancestors } = await chosen(measured);
  assert.deepEqual(lineage, [{ ancestor: "tuned-singular-2-0.5" }]);
  assert.equal(ancestors.length, 2);
});

/** The view of relation distances gives what the stage records as metrics. */
import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { relativeDistance } from "../../../stages/metric/relative_distance.ts";

const schema = Deno.readTextFileSync(
  new URL("../../../results/database/schema.sql", import.meta.url),
);

interface Distance {
  readonly own: number | null;
  readonly wrong: number | null;
}

const distance = fc.double({ min: -1e-4, max: 5, noNaN: true });
const rows = fc.array(
  fc.record({ own: distance, wrong: fc.option(distance) }),
  { minLength: 1, maxLength: 8 },
);

/** What the view says of one layer whose captions have these distances, in both directions. */
async function viewOf(distances: readonly Distance[]) {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    await connection.run(schema);
    for (const [place, { own, wrong }] of distances.entries()) {
      await connection.run(
        `INSERT INTO relation_distance (run, split, text, image, layer, alignment,
        isd_text, isd_image, objects, entropy_text, isd_text_wrong, isd_image_wrong)
        VALUES ('r', 'test', 'c${place}', 'i', 1, 'singular', ${own}, 2 * ${own}, 0, 0.5, ${wrong},
          2 * ${wrong})`,
      );
    }
    const reader = await connection.runAndReadAll("SELECT * FROM relation_layer");
    return reader.getRowObjects();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function near(actual: unknown, expected: number) {
  assert.ok(
    typeof actual === "number" && Math.abs(actual - expected) <= 1e-9 * Math.max(1, expected),
    `${actual}, expected ${expected}`,
  );
}

Deno.test("relation_layer has means over all pairs, and relative distances over those with a wrong image", async () => {
  await fc.assert(
    fc.asyncProperty(rows, async (distances) => {
      const [row, ...others] = await viewOf(distances);
      assert.deepEqual(others, []);
      assert.equal(Number(row!["pairs"]), distances.length);
      near(row!["isd_text"], mean(distances.map(({ own }) => own)));
      near(row!["entropy_text"], 0.5);
      const both = distances.flatMap(({ own, wrong }) => wrong === null ? [] : [{ own, wrong }]);
      if (both.length === 0) {
        assert.deepEqual([row!["relative_text"], row!["relative_image"]], [null, null]);
        return;
      }
      const [own, wrong] = [mean(both.map(({ own }) => own)), mean(both.map(({ wrong }) => wrong))];
      near(row!["relative_text"], relativeDistance(own, wrong));
      near(row!["relative_image"], relativeDistance(2 * own, 2 * wrong));
    }),
    { numRuns: 10 },
  );
});

Deno.test("captions without words count in neither mean", async () => {
  const [row] = await viewOf([{ own: 1, wrong: 2 }, { own: null, wrong: null }]);
  near(row!["isd_text"], 1);
  near(row!["relative_text"], relativeDistance(1, 2));
  assert.equal(Number(row!["pairs"]), 2);
});

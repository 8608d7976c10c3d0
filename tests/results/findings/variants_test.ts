/** Variants of runs on which a swept parameter has no effect, and of points that share a run. */
import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { addRecords } from "../../../results/database/record_rows.ts";
import { openRows, readColumns } from "../../../results/database/row_writer.ts";
import type { RequestRecord } from "../../../results/database/stored_files.ts";
import {
  comparedVariants,
  mostSeeds,
  requestedVariants,
  variantsOf,
  variantsWithoutBaseline,
} from "../../../results/findings/variants.ts";

const schema = Deno.readTextFileSync(
  new URL("../../../results/database/schema.sql", import.meta.url),
);

type Point = Readonly<Record<string, string | number>>;

/** The variants of stage `recall`; points with equal `run` share one. */
async function variantsFor(points: readonly (Point & { run?: string })[], baseline: Point) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(schema);
  const nodes = points.map(({ run, ...point }) => {
    const label = Object.entries(point).map((pair) => pair.join("=")).join();
    return { label, stage: "recall", point, key: run ?? label, preimage: {} };
  });
  const request = { id: "e", experiment: "x", file: "x.yaml", baseline, nodes } as unknown;
  const columns = await readColumns(connection);
  {
    using writer = openRows(connection, columns);
    await addRecords(connection, writer, [{
      kind: "request",
      request: { ...request as RequestRecord, requested: "2026-01-02T03:04:05Z" },
    }]);
    writer.flush();
  }
  const variants = await variantsOf(connection, "e");
  const rows = [...(await requestedVariants(connection, "e", variants)).values()].flat();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const references = (rows: Awaited<ReturnType<typeof variantsFor>>) =>
  rows.map(({ variant, reference, baseline, runs }) =>
    `${variant}${baseline ? "*" : ""} x${runs} -> ${reference}`
  );

Deno.test("a baseline without an axis is that of every value of it, and Holm counts what there is", async () => {
  const rows = await variantsFor([
    ...[1, 2].map((seed) => ({ alignment: "none", seed })),
    ...[1, 2].flatMap((seed) => [0.5, 2].map((weight) => ({ alignment: "sparse", weight, seed }))),
  ], { alignment: "none" });
  assert.deepEqual(references(rows), [
    "none* x2 -> none",
    "alignment=sparse, weight=0.5 x2 -> none",
    "alignment=sparse, weight=2 x2 -> none",
  ]);
  assert.equal(comparedVariants(rows).length, 2);
  assert.deepEqual(variantsWithoutBaseline(rows), []);
});

Deno.test("of several baselines the one with the same other values is the reference", async () => {
  const rows = await variantsFor([
    ...[100, 200].map((images) => ({ images, alignment: "none" })),
    ...[100, 200].map((images) => ({ images, alignment: "sparse", weight: 2 })),
    { images: 400, alignment: "sparse", weight: 2 },
  ], { alignment: "none" });
  assert.deepEqual(references(rows), [
    "images=100, alignment=none* x1 -> images=100, alignment=none",
    "images=200, alignment=none* x1 -> images=200, alignment=none",
    "images=100, alignment=sparse, weight=2 x1 -> images=100, alignment=none",
    "images=200, alignment=sparse, weight=2 x1 -> images=200, alignment=none",
    "images=400, alignment=sparse, weight=2 x1 -> images=400, alignment=none, weight=2",
  ]);
  assert.deepEqual(variantsWithoutBaseline(rows), ["images=400, alignment=sparse, weight=2"]);
});

Deno.test("a value of the baseline that has no effect need not be there", async () => {
  const rows = await variantsFor([
    { alignment: "none" },
    { alignment: "singular", contrast: "none" },
    { alignment: "singular", contrast: 0.5 },
  ], { alignment: "none", contrast: "none" });
  assert.deepEqual(references(rows), [
    "none* x1 -> none",
    "alignment=singular, contrast=none x1 -> none",
    "alignment=singular, contrast=0.5 x1 -> none",
  ]);
});

Deno.test("points that share a run are one variant, and their seeds count once", async () => {
  const files = ["a.txt", "b.txt"];
  const rows = await variantsFor(
    ["none", "sparse"].flatMap((alignment) =>
      files.flatMap((file) =>
        [1, 2].map((seed) => ({ file, alignment, seed, run: `${alignment}-${seed}` }))
      )
    ),
    { alignment: "none" },
  );
  assert.deepEqual(references(rows), [
    "file=a.txt|b.txt, alignment=none* x2 -> file=a.txt|b.txt, alignment=none",
    "file=a.txt|b.txt, alignment=sparse x2 -> file=a.txt|b.txt, alignment=none",
  ]);
  assert.deepEqual([mostSeeds(rows), comparedVariants(rows).length], [2, 1]);
});

Deno.test("a baseline may be one of the values that a shared run has", async () => {
  const rows = await variantsFor([
    { file: "a.txt", run: "shared" },
    { file: "b.txt", run: "shared" },
    { file: "c.txt" },
  ], { file: "b.txt" });
  assert.deepEqual(references(rows), [
    "a.txt|b.txt* x1 -> a.txt|b.txt",
    "c.txt x1 -> a.txt|b.txt",
  ]);
});

/** Recomputes each metric of an evaluation from the stored ranks with the query of docs/evaluation.md. */
import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import type { Scalar } from "../../../pipeline/contract/stage.ts";
import { cutFolds } from "../../../stages/metric/folds.ts";
import type { ScoreMatrix } from "../../../stages/metric/recall.ts";
import { rerankedScores, shortlisted } from "../../../stages/score/shortlist.ts";
import { recordRanks } from "../../../stages/evaluate/ranked_scores.ts";
import { smallFeatures } from "../../support/small_features.ts";

type Row = Readonly<Record<string, Scalar>>;

const page = Deno.readTextFileSync(new URL("../../../docs/evaluation.md", import.meta.url));
const schema = Deno.readTextFileSync(
  new URL("../../../results/database/schema.sql", import.meta.url),
);
const [, query] = /^npx -y deno task sql "([^"$`\\]*)"$/m.exec(page)!;

/** Two captions for each image but the last, which has none; few distinct scores, so that many tie. */
const evaluations = fc.record({ images: fc.integer({ min: 6, max: 12 }), seed: fc.nat(1e6) })
  .map(({ images, seed }) => {
    const texts = 2 * (images - 1);
    return {
      images,
      texts,
      imageOfText: Array.from({ length: texts }, (_, text) => text >> 1),
      scores: Float32Array.from(
        { length: texts * images },
        (_, place) => Math.imul(place + seed, 0x9e3779b1) >>> 28,
      ),
    };
  });

function record(matrix: ScoreMatrix) {
  const { images } = matrix;
  const imageOfText = Array.from(matrix.imageOfText);
  const set = {
    ...smallFeatures({ featureDim: 2, vocabulary: 20 }),
    images: Array.from({ length: images }, (_, i) => ({ id: `i${i}`, split: "test", regions: 1 })),
    captions: imageOfText.map((image, text) => ({
      id: `c${text}`,
      image,
      split: "test",
      text: "",
      tokens: [],
    })),
  };
  const index = {
    captions: imageOfText.map((_, text) => text),
    images: set.images.map((_, image) => image),
    imageOfText,
    textsOfImage: [],
  };
  const rows: Row[] = [];
  const metrics: Record<string, number> = {};
  const recorder = {
    row: (table: string, row: Row) => assert.equal(table, "query_rank") ?? rows.push(row),
    metric: (name: string, value: number) => metrics[name] = value,
    measurement() {},
    retain() {},
  };
  recordRanks({ record: recorder }, { set, index, split: "test" }, matrix, {
    recallAt: [1, 5, 10],
    folds: cutFolds({ images, imageOfText, folds: 3 }),
    twoStage: twoStageOf(matrix),
    positives: [
      { direction: "i2t", query: 0, right: [0, 3, 5] },
      { direction: "i2t", query: 2, right: [1] },
      { direction: "t2i", query: 4, right: [2, 0] },
      { direction: "t2i", query: 1, right: [0, 1, 2, 3] },
    ],
  });
  return { rows, metrics };
}

/** A shortlist from other scores. */
function twoStageOf({ scores, texts, images }: ScoreMatrix) {
  const cosines = scores.map((_, place) => Math.imul(place, 0x85ebca6b) / 2 ** 31);
  const listed = shortlisted(cosines, { texts, images, count: 2 });
  return { listed, scores: rerankedScores(cosines, listed, scores) };
}

Deno.test("SQL recomputes every rank metric from the stored ranks", async () => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(schema);
    await fc.assert(
      fc.asyncProperty(evaluations, async (matrix) => {
        const { rows, metrics } = record(matrix);
        await connection.run("DELETE FROM query_rank");
        for (const row of rows) {
          const names = Object.keys(row);
          await connection.run(
            `INSERT INTO query_rank (run, ${names.join(", ")})
             VALUES ('r', ${names.map((_, place) => `$${place + 1}`).join(", ")})`,
            Object.values(row),
          );
        }
        const answer = await connection.runAndReadAll(query!);
        const found = new Map(
          answer.getRows().map(([, , name, value]) => [String(name), Number(value)]),
        );
        const { rerank_pairs: pairs, ...ofRanks } = metrics;
        assert.ok(pairs! > 0 && pairs! < 1);
        assert.deepEqual([...found.keys()].sort(), Object.keys(ofRanks).sort());
        assert.equal(found.size, 49);
        for (const [name, value] of Object.entries(ofRanks)) {
          const other = found.get(name)!;
          assert.ok(Math.abs(other - value) < 1e-12, `${name}: ${other} by SQL, ${value} stored`);
        }
      }),
      { numRuns: 8 },
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
});

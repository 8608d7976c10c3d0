import assert from "node:assert/strict";
import { indexSplit } from "../../../stages/batch/split_index.ts";
import type { FeatureSet } from "../../../stages/data/feature_set.ts";
import { planRanking, recordRanks } from "../../../stages/evaluate/ranked_scores.ts";
import { captionedPictures } from "../../support/small_features.ts";
import { recordIn, type Row } from "../../support/stage_context.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** Three pictures with a caption each; a fourth of another split. */
function setOf(alsoTrueOf: Readonly<Record<number, readonly number[]>>): FeatureSet {
  const set = captionedPictures(["test", "test", "val", "test"].map((split) => ({ split })));
  const captions = set.captions.map((caption, place) => ({
    ...caption,
    ...(alsoTrueOf[place] && { alsoTrueOf: alsoTrueOf[place] }),
  }));
  return { ...set, captions };
}

/** Metrics of split test for scores [text, image]. */
function metricsOf(set: FeatureSet, scores: readonly number[][], positives?: string) {
  const index = indexSplit(set, "test");
  const rows = new Map<string, Row[]>();
  const scored = { set, index, split: "test" };
  const progress = { report() {}, say() {} };
  const plan = planRanking({
    parameters: { recall_at: [1, 2] },
    files: positives === undefined ? {} : { positives },
    progress,
  }, scored);
  const matrix = {
    scores: Float32Array.from(scores.flat()),
    texts: 3,
    images: 3,
    imageOfText: index.imageOfText,
  };
  recordRanks({ record: recordIn(rows) }, scored, matrix, plan);
  const metrics = Object.fromEntries(
    rows.get("metric")!.map(({ name, value }) => [name, value] as const),
  );
  return { metrics, rows: rows.get("query_rank")! };
}

/** Rows are captions 0, 1, 3, columns images 0, 1, 3. */
const scores = [
  [0.1, 0.9, 0.5],
  [0.3, 0.8, 0.7],
  [0.6, 0.4, 0.2],
];

Deno.test("where the data says what captions are true of, positives count every true answer", () => {
  // Caption 0 is true of image 1, too, and of one in another split.
  const { metrics, rows } = metricsOf(setOf({ 0: [1, 2] }), scores);
  // Own picture: caption 0 at rank 3, caption 1 at rank 1, caption 3 at rank 3.
  assert.deepEqual([metrics["t2i_r1"], metrics["t2i_r2"]], [1 / 3, 1 / 3]);
  assert.deepEqual([metrics["positives_t2i_r1"], metrics["positives_t2i_r2"]], [2 / 3, 2 / 3]);
  // Image 0: captions 3, 1, 0; image 1: captions 0, 1, 3; image 3: captions 1, 0, 3.
  assert.deepEqual([metrics["i2t_r1"], metrics["i2t_r2"]], [0, 1 / 3]);
  assert.deepEqual([metrics["positives_i2t_r1"], metrics["positives_i2t_r2"]], [1 / 3, 1 / 3]);
  const ranksOf = (query: string) =>
    JSON.parse(String(rows.find((row) => row["query"] === query)!["positive_ranks"]));
  // Its own picture is at rank 3, the other one at rank 1.
  assert.deepEqual(ranksOf("c0"), [1, 3]);
  assert.deepEqual(ranksOf("i1"), [1, 2]);
  assert.deepEqual(ranksOf("i3"), [3]);
});

Deno.test("without such knowledge there are no positives", () => {
  for (const set of [setOf({}), setOf({ 0: [2] })]) {
    const { metrics, rows } = metricsOf(set, scores);
    assert.deepEqual(Object.keys(metrics).filter((name) => name.startsWith("positives_")), []);
    assert.ok(rows.every((row) => !("positive_ranks" in row)));
  }
});

Deno.test("a file of positives replaces what the data says", async () => {
  using temporary = temporaryFolder();
  const file = `${temporary.path}/positives.json`;
  await Deno.writeTextFile(file, JSON.stringify({ caption_to_image: { c0: ["i3"] } }));
  const { metrics } = metricsOf(setOf({ 0: [1] }), scores, file);
  // The only query; image 3 is at rank 2.
  assert.deepEqual([metrics["positives_t2i_r1"], metrics["positives_t2i_r2"]], [0, 1]);
  assert.equal(metrics["positives_i2t_r1"], undefined);
});

import assert from "node:assert/strict";
import { rankQueries } from "../../../stages/metric/recall.ts";
import { twoStageMetrics, withFound } from "../../../stages/metric/two_stage.ts";
import { rerankedScores, shortlisted } from "../../../stages/score/shortlist.ts";

// Three texts of three images; full scoring finds text 0 for image 0, and text 2 for image 2.
// deno-fmt-ignore
const scores = Float32Array.of(
  9, 1, 2,
  8, 5, 6,
  3, 4, 7,
);
// The shortlist of one image per text and one text per image misses text 0 and image 0.
// deno-fmt-ignore
const cosines = Float32Array.of(
  0.1, 0.9, 0.3,
  0.4, 0.8, 0.2,
  0.5, 0.2, 0.6,
);
const matrix = { scores, texts: 3, images: 3, imageOfText: [0, 1, 2] };

Deno.test("two stages lose what the shortlist misses, and gain if it excludes wrong answers", () => {
  const listed = shortlisted(cosines, { texts: 3, images: 3, count: 1 });
  assert.deepEqual([...listed], [1, 4, 6, 8]);
  const full = rankQueries(matrix);
  const ranks = withFound(
    rankQueries({ ...matrix, scores: rerankedScores(cosines, listed, scores) }),
    matrix,
    listed,
  );
  assert.deepEqual(
    ranks.map(({ direction, query, found }) => found ? `${direction} ${query}` : ""),
    ["", "i2t 1", "i2t 2", "", "t2i 1", "t2i 2"],
  );
  const metrics = twoStageMetrics(ranks, { full, recallAt: [1], pairs: listed.length / 9 });
  const third = 1 / 3;
  const rounded = (values: Record<string, number>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toFixed(12)]));
  assert.deepEqual(
    rounded(metrics),
    rounded({
      rerank_i2t_r1: 2 * third,
      rerank_lost_i2t_r1: third,
      rerank_t2i_r1: 2 * third,
      rerank_lost_t2i_r1: 0,
      rerank_rsum: 4 * third + 4,
      rerank_lost_rsum: third,
      rerank_i2t_found: 2 * third,
      rerank_t2i_found: 2 * third,
      rerank_pairs: 4 / 9,
    }),
  );
});

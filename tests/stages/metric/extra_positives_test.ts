import assert from "node:assert/strict";
import { positiveMetrics, rankPositives } from "../../../stages/metric/extra_positives.ts";
import { smallMatrix } from "../../support/small_matrix.ts";

const near = (found: number | undefined, expected: number) =>
  assert.ok(Math.abs(found! - expected) < 1e-12, `${found} is not ${expected}`);

Deno.test("R@K, R-precision and mAP@R equal those of the package eccv_caption 0.1.0", () => {
  const i2t = { 0: [0, 3, 5], 1: [1], 3: [2, 4, 0, 5] };
  const t2i = { 0: [0, 3], 2: [3, 1, 4], 5: [0, 3] };
  const positives = Object.entries({ i2t, t2i }).flatMap(([direction, queries]) =>
    Object.entries(queries).map(([query, right]) => ({
      direction: direction as "i2t" | "t2i",
      query: Number(query),
      right,
    }))
  );
  const metrics = positiveMetrics(rankPositives(smallMatrix, positives), { recallAt: [1, 2] });
  // compute_eccv_metrics(lists sorted by score, correct answers), and compute_r_at_k with K=2.
  near(metrics["positives_i2t_map_at_r"], 0.3055555555555555);
  near(metrics["positives_i2t_r_precision"], 0.36111111111111116);
  near(metrics["positives_i2t_r1"], 0.3333333333333333);
  near(metrics["positives_i2t_r2"], 0.6666666666666666);
  near(metrics["positives_t2i_map_at_r"], 0.21296296296296294);
  near(metrics["positives_t2i_r_precision"], 0.3888888888888889);
  near(metrics["positives_t2i_r1"], 0);
  near(metrics["positives_t2i_r2"], 0.6666666666666666);
});

Deno.test("a direction without collected answers has no metrics", () => {
  const judged = rankPositives(smallMatrix, [{ direction: "t2i", query: 1, right: [0, 2] }]);
  assert.deepEqual(
    Object.keys(positiveMetrics(judged, { recallAt: [1] })),
    ["positives_t2i_r1", "positives_t2i_r_precision", "positives_t2i_map_at_r"],
  );
});

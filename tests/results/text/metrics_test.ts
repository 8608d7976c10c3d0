import assert from "node:assert/strict";
import { inOrder, leadingMetrics, mainOf, recallNames } from "../../../results/text/metrics.ts";

Deno.test("leading metrics are R@K of the smallest K in both directions, rsum and groups of pairs", () => {
  const names = ["t2i_r50", "i2t_r10", "i2t_r5", "i2t_r_precision", "fold5_i2t_r1", "pair_text"];
  assert.deepEqual(leadingMetrics(names), ["i2t_r5", "t2i_r50"]);
  assert.deepEqual(leadingMetrics([...names, "pair_group"]), ["i2t_r5", "t2i_r50", "pair_group"]);
  assert.deepEqual(leadingMetrics(["isda", "rsum"]), ["rsum"]);
});

Deno.test("recallNames() excludes recalls of folds and of additional correct answers", () => {
  assert.deepEqual(
    recallNames(
      ["i2t_r1", "t2i_r100", "fold5_i2t_r1", "positives_i2t_r1", "i2t_r", "i2t_r1x", "rsum"],
    ),
    ["i2t_r1", "t2i_r100"],
  );
});

Deno.test("main metrics include the smallest requested K; without any main metric, all are shown", () => {
  const main = (...names: string[]) =>
    mainOf(names.map((name) => ({ name }))).map(({ name }) => name);
  assert.deepEqual(main("i2t_r10", "i2t_r5", "rsum", "i2t_mrr"), ["i2t_r5", "rsum"]);
  assert.deepEqual(main("loss", "words"), ["loss", "words"]);
});

Deno.test("the most important metrics come first, the others by name and number", () => {
  const metrics = ["t2i_r10", "i2t_r10", "i2t_r5", "rsum", "t2i_r1"]
    .map((name) => ({ name, split: "test" }));
  assert.deepEqual(
    inOrder(metrics).map(({ name }) => name),
    ["t2i_r1", "rsum", "i2t_r5", "i2t_r10", "t2i_r10"],
  );
});

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named, sizeOf } from "../../../stages/model/axes.ts";
import { transport } from "../../../stages/objective/alignment.ts";
import { tensorTest } from "../../support/tensor_test.ts";

tensorTest("named() checks the number of axes", () => {
  assert.throws(
    () => named("pair word hidden", tf.zeros([2, 3])),
    /^Error: internal: expected axes \[pair word hidden\], got shape \[2, 3\]$/,
  );
});

tensorTest("sizeOf() reads the size of a named axis", () => {
  const tensor = named("pair word hidden", tf.zeros([2, 3, 5]));
  assert.equal(sizeOf("word", "pair word hidden", tensor), 3);
  assert.throws(() => sizeOf("region", "pair word hidden", tensor), /internal: no axis `region`/);
});

tensorTest("named() gives other names to the same tensor", () => {
  const words: Axes<"pair word"> = tf.ones([2, 3]);
  const positions: Axes<"pair position"> = named("pair position", words);
  assert.equal<tf.Tensor>(positions, words);
  // @ts-expect-error words are not positions until they are named so
  const _unnamed: Axes<"pair position"> = words;
});

tensorTest("a tensor with named axes is a tensor, one without names fits any names", () => {
  const words: Axes<"pair word"> = tf.ones([2, 3]);
  const sum: tf.Tensor = tf.sum(words, 1);
  const anything: Axes<"pair"> = sum;
  assert.deepEqual(anything.shape, [2]);
});

tensorTest("a swapped attention block is a compile error", () => {
  const tokenToRegion: Axes<"pair token region"> = tf.ones([1, 2, 3]);
  const regionToToken: Axes<"pair region token"> = tf.ones([1, 3, 2]);
  const regions: Axes<"pair region region"> = tf.ones([1, 3, 3]);
  const carried = transport<"token", "region">(tokenToRegion, regions);
  assert.deepEqual(carried.shape, [1, 2, 2]);
  // @ts-expect-error the map must lead from tokens to regions
  assert.throws(() => transport<"token", "region">(regionToToken, regions));
});

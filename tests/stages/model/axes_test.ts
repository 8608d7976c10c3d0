import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named, sizeOf } from "../../../stages/model/axes.ts";
import { transport } from "../../../stages/objective/relation.ts";
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

tensorTest("a swapped attention block is a compile error", () => {
  const tokenToRegion: Axes<"pair token region"> = tf.ones([1, 2, 3]);
  const regionToToken: Axes<"pair region token"> = tf.ones([1, 3, 2]);
  const regions: Axes<"pair region region"> = tf.ones([1, 3, 3]);
  const carried = transport<"token", "region">(tokenToRegion, regions);
  assert.deepEqual(carried.shape, [1, 2, 2]);
  // @ts-expect-error the map must lead from tokens to regions
  assert.throws(() => transport<"token", "region">(regionToToken, regions));
});

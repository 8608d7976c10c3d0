import assert from "node:assert/strict";
import { indexSplit } from "../../../stages/batch/split_index.ts";
import { smallFeatures } from "../../support/small_features.ts";

const set = smallFeatures({ featureDim: 5, vocabulary: 20 });

Deno.test("several splits are indexed as one, in the order of the features, whatever order they are named in", () => {
  const both = indexSplit(set, ["train", "test"]);
  assert.deepEqual(both.images, [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(both.captions, set.captions.map((_, place) => place));
  assert.deepEqual(both.imageOfText, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
  assert.deepEqual(both.textsOfImage[1], [2, 3]);
  assert.deepEqual(indexSplit(set, ["test", "train"]), both);
  assert.deepEqual(indexSplit(set, ["test"]), indexSplit(set, "test"));
});

Deno.test("the error for an empty split among several names that split", () => {
  assert.throws(() => indexSplit(set, ["train", "vla"]), {
    message: "split `vla` has 0 images and 0 captions",
  });
});

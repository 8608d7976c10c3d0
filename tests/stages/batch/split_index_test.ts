import assert from "node:assert/strict";
import {
  firstImages,
  indexSplit,
  isTrueOf,
  requireFamilies,
  trainingIndex,
} from "../../../stages/batch/split_index.ts";
import type { FeatureSet } from "../../../stages/data/feature_set.ts";
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

/** Families a, b, a, b, c in split train, with two pictures of split test between them; one caption each. */
function familySet(alsoTrueOf: Readonly<Record<number, readonly number[]>> = {}): FeatureSet {
  const families = ["a", "b", "t", "a", "b", "t", "c"];
  return {
    ...set,
    images: families.map((family, place) => ({
      id: `i${place}`,
      split: family === "t" ? "test" : "train",
      family,
      offset: place,
      regions: 1,
    })),
    captions: families.map((family, image) => ({
      id: `c${image}`,
      image,
      split: family === "t" ? "test" : "train",
      text: "",
      tokens: [5],
      ...(alsoTrueOf[image] && { alsoTrueOf: alsoTrueOf[image] }),
    })),
  };
}

Deno.test("families are rows of the split, for every image those of its own", () => {
  const { images, familyOfImage } = indexSplit(familySet(), "train");
  assert.deepEqual(images, [0, 1, 3, 4, 6]);
  assert.deepEqual(familyOfImage, [[0, 2], [1, 3], [0, 2], [1, 3], [4]]);
  assert.deepEqual(indexSplit(familySet(), "test").familyOfImage, [[0, 1], [0, 1]]);
});

Deno.test("kin are rows of the split, too; where an image has none, there are none", () => {
  const set = familySet();
  const withKin = (kin: readonly (string | undefined)[]): FeatureSet => ({
    ...set,
    images: set.images.map((image, place) => ({ ...image, kin: kin[place] })),
  });
  const { familyOfImage, kinOfImage } = indexSplit(
    withKin(["k", "k", "t", "k", "k", "t", "c"]),
    "train",
  );
  assert.deepEqual(familyOfImage, [[0, 2], [1, 3], [0, 2], [1, 3], [4]]);
  const all = [0, 1, 2, 3];
  assert.deepEqual(kinOfImage, [all, all, all, all, [4]]);
  assert.deepEqual(
    firstImages(indexSplit(withKin(["k", "k", "t", "k", "k", "t", "c"]), "train"), 3).kinOfImage,
    [[0, 1, 2], [0, 1, 2], [0, 1, 2]],
  );
  assert.equal(indexSplit(set, "train").kinOfImage, undefined);
  assert.equal(
    indexSplit(withKin(["k", "k", "t", "k", "k", "t", undefined]), "train").kinOfImage,
    undefined,
  );
});

Deno.test("images without a family have none in the index, and a parameter that needs families says so", () => {
  const index = indexSplit(set, "train");
  assert.equal(index.familyOfImage, undefined);
  assert.throws(() => requireFamilies(index, "family_negatives"), (error) => {
    assert.equal(
      String(error),
      "error: `family_negatives` needs images in families, and those of the features have none\n" +
        "fix: remove `family_negatives`, or set `families` of make_scenes",
    );
    return true;
  });
  requireFamilies(indexSplit(familySet(), "train"), "family_negatives");
});

Deno.test("what a caption is also true of is in rows of the split, other splits and the own image left out", () => {
  const index = indexSplit(familySet({ 0: [3, 2], 3: [3, 0, 6, 6], 2: [5] }), "train");
  assert.deepEqual(index.alsoTrueOf, [[2], [], [0, 4], [], []]);
  assert.deepEqual(index.alsoTrueTexts, [[2], [], [0], [], [2]]);
  for (let text = 0; text < 5; text++) {
    for (let image = 0; image < 5; image++) {
      assert.equal(
        isTrueOf(index, text, image),
        text === image || index.alsoTrueOf![text]!.includes(image),
      );
    }
  }
  const nothing = indexSplit(familySet({ 2: [5] }), "train");
  assert.equal(nothing.alsoTrueOf, undefined);
  assert.equal(nothing.alsoTrueTexts, undefined);
  assert.ok(isTrueOf(nothing, 1, 1) && !isTrueOf(nothing, 1, 2));
});

Deno.test("the first images of a split keep the families and the truth that is left of them", () => {
  const index = indexSplit(familySet({ 0: [3], 1: [4], 3: [0, 6] }), "train");
  const first = firstImages(index, 3);
  assert.deepEqual(first.familyOfImage, [[0, 2], [1], [0, 2]]);
  assert.deepEqual(first.alsoTrueOf, [[2], [], [0]]);
  assert.deepEqual(first.alsoTrueTexts, [[2], [], [0]]);
  assert.equal(firstImages(index, 5), index);
});

Deno.test("train_images keeps the first images, refuses more than there are, and cuts no family", () => {
  const plain = familySet();
  const inOrder = ["a", "a", "b", "b", "t", "t", "c"];
  const set: FeatureSet = {
    ...plain,
    images: plain.images.map((image, place) => ({
      ...image,
      family: inOrder[place]!,
      split: inOrder[place] === "t" ? "test" : "train",
    })),
    captions: plain.captions.map((caption, place) => ({
      ...caption,
      split: inOrder[place] === "t" ? "test" : "train",
    })),
  };
  const all = indexSplit(set, "train");
  assert.deepEqual(trainingIndex(set, { train: "train" }), all);
  assert.deepEqual(trainingIndex(set, { train: "train", train_images: 5 }), all);
  assert.deepEqual(trainingIndex(set, { train: "train", train_images: 4 }), firstImages(all, 4));
  assert.deepEqual(trainingIndex(set, { train: "train", train_images: 4 }).images, [0, 1, 2, 3]);
  assert.throws(() => trainingIndex(set, { train: "train", train_images: 6 }), {
    message: "`train_images: 6` is more than the 5 images to train on",
  });
  assert.throws(() => trainingIndex(set, { train: "train", train_images: 3 }), {
    message: "`train_images: 3` divides a family, 2 images",
  });
  assert.throws(() => trainingIndex(set, { train: "train", train_images: 1 }), /fix: use 2$/);
  const kin: FeatureSet = {
    ...set,
    images: set.images.map((image) => ({ ...image, kin: image.family === "c" ? "c" : "ab" })),
  };
  assert.throws(
    () => trainingIndex(kin, { train: "train", train_images: 2 }),
    (error) =>
      String(error) ===
        "error: `train_images: 2` divides a family and its kin, 4 images\nfix: use 4",
  );
});

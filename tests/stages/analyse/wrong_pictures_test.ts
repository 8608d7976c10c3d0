import assert from "node:assert/strict";
import fc from "fast-check";
import { wrongPictures } from "../../../stages/analyse/wrong_pictures.ts";
import { indexSplit } from "../../../stages/batch/split_index.ts";
import { captionedPictures } from "../../support/small_features.ts";

interface Picture {
  readonly regions: number;
  readonly family?: string;
  readonly split?: string;
}

/** A set with one caption per picture. @param alsoTrueOf pictures that a caption is true of besides its own */
function setOf(pictures: readonly Picture[], alsoTrueOf: (caption: number) => number[] = () => []) {
  const pictured = captionedPictures(pictures.map((picture) => ({ split: "test", ...picture })));
  const captions = pictured.captions.map((caption, place) => ({
    ...caption,
    alsoTrueOf: alsoTrueOf(place),
  }));
  const set = { ...pictured, captions };
  return { set, index: indexSplit(set, "test") };
}

const found = (
  pictures: readonly Picture[],
  alsoTrueOf?: (caption: number) => number[],
) => {
  const { set, index } = setOf(pictures, alsoTrueOf);
  const texts = [...index.captions.keys()];
  return wrongPictures(set, index, { texts });
};

Deno.test("the wrong picture is the next with as many regions, after the last the first", () => {
  const pictures = [{ regions: 3 }, { regions: 5 }, { regions: 3 }, { regions: 3 }, { regions: 4 }];
  assert.deepEqual(found(pictures), [2, undefined, 3, 0, undefined]);
});

Deno.test("within a family where there is one, and never in another split", () => {
  const family = (name: string, regions = 3) => ({ family: name, regions });
  assert.deepEqual(
    found([family("a"), family("b"), family("a"), family("b"), family("b", 2), { regions: 3 }]),
    [2, 3, 0, 1, undefined, undefined],
  );
  const training = { regions: 3, split: "train" };
  // Rows of the split: images 1 and 3.
  assert.deepEqual(found([training, { regions: 3 }, training, { regions: 3 }]), [1, 0]);
});

Deno.test("a picture that the caption is true of is passed over", () => {
  const pictures = [1, 2, 3].map(() => ({ regions: 3, family: "a" }));
  assert.deepEqual(found(pictures, (caption) => [(caption + 1) % 3]), [2, 0, 1]);
  assert.deepEqual(found(pictures, () => [0, 1, 2]), [undefined, undefined, undefined]);
});

Deno.test("every picture of a group is the wrong one of exactly one other", () => {
  const picture = fc.record({
    regions: fc.integer({ min: 1, max: 3 }),
    family: fc.constantFrom("a", "b"),
  });
  fc.assert(fc.property(fc.array(picture, { minLength: 1, maxLength: 20 }), (pictures) => {
    const wrong = found(pictures);
    const there = wrong.flatMap((image, own) => image === undefined ? [] : [{ image, own }]);
    assert.equal(new Set(there.map(({ image }) => image)).size, there.length);
    for (const { image, own } of there) {
      assert.notEqual(image, own);
      assert.equal(pictures[image]!.family, pictures[own]!.family);
      assert.equal(pictures[image]!.regions, pictures[own]!.regions);
    }
    // Only a picture without another one of its kind has none.
    wrong.forEach((image, own) => {
      const { regions, family } = pictures[own]!;
      const alike = pictures.filter((one) => one.regions === regions && one.family === family);
      assert.equal(image === undefined, alike.length === 1);
    });
  }));
});

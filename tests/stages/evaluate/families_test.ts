import assert from "node:assert/strict";
import type { Scalar } from "../../../pipeline/contract/stage.ts";
import { recordRanks } from "../../../stages/evaluate/ranked_scores.ts";
import { judgeSwappedPairs } from "../../../stages/evaluate/swapped_pairs.ts";
import { smallFeatures } from "../../support/small_features.ts";

type Row = Readonly<Record<string, Scalar>>;

/** Four pictures with a caption each; the first two are one family, and so is the third alone. */
function familySet(split = "test") {
  const families = ["a", "a", "b", undefined];
  return {
    ...smallFeatures({ featureDim: 2, vocabulary: 20 }),
    images: families.map((family, i) => ({ id: `i${i}`, split, regions: 1, family })),
    captions: families.map((_, image) => ({
      id: `c${image}`,
      image,
      split,
      text: "",
      tokens: [],
    })),
    pairs: [[0, 1], [1, 2], [2, 3]].map(([image0, image1]) => ({
      id: `p${image0}`,
      kind: "relation",
      image0: image0!,
      image1: image1!,
      caption0: image0!,
      caption1: image1!,
    })),
  };
}

function recorder() {
  const rows: Record<string, Row[]> = {};
  const record = {
    row: (table: string, row: Row) => void (rows[table] ??= []).push(row),
    metric() {},
    measurement() {},
    retain() {},
  };
  return { rows, record };
}

Deno.test("ranks name the family of the image that they are about, in both directions", () => {
  const { rows, record } = recorder();
  const places = [0, 1, 2, 3];
  recordRanks(
    { record },
    {
      set: familySet(),
      index: { captions: places, images: places, imageOfText: places, textsOfImage: [] },
      split: "test",
    },
    { scores: new Float32Array(16), texts: 4, images: 4, imageOfText: places },
  );
  const familyOf = (direction: string) =>
    rows["query_rank"]!.filter((row) => row["direction"] === direction)
      .map((row) => [row["image"], row["family"]]);
  const expected = [["i0", "a"], ["i1", "a"], ["i2", "b"], ["i3", undefined]];
  assert.deepEqual(familyOf("i2t"), expected);
  assert.deepEqual(familyOf("t2i"), expected);
});

Deno.test("a swapped pair is of a family if both of its pictures are", async () => {
  const { rows, record } = recorder();
  await judgeSwappedPairs(
    { record },
    familySet("swap"),
    (_, texts) => Promise.resolve(new Float32Array(texts.length)),
    "test",
  );
  assert.deepEqual(
    rows["pair_score"]!.map((row) => [row["pair"], row["family"]]),
    [["p0", "a"], ["p1", undefined], ["p2", undefined]],
  );
});

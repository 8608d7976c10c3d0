import assert from "node:assert/strict";
import { recordRanks } from "../../../stages/evaluate/ranked_scores.ts";
import { judgeSwappedPairs } from "../../../stages/evaluate/swapped_pairs.ts";
import { captionedPictures } from "../../support/small_features.ts";
import { recordIn, type Row } from "../../support/stage_context.ts";

/** Four pictures with a caption each; the first two are one family, and so is the third alone. */
function familySet(split = "test") {
  return {
    ...captionedPictures(["a", "a", "b", undefined].map((family) => ({ split, family }))),
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

Deno.test("ranks name the family of the image that they are about, in both directions", () => {
  const rows = new Map<string, Row[]>();
  const places = [0, 1, 2, 3];
  recordRanks(
    { record: recordIn(rows) },
    {
      set: familySet(),
      index: { captions: places, images: places, imageOfText: places, textsOfImage: [] },
      split: "test",
    },
    { scores: new Float32Array(16), texts: 4, images: 4, imageOfText: places },
  );
  const familyOf = (direction: string) =>
    rows.get("query_rank")!.filter((row) => row["direction"] === direction)
      .map((row) => [row["image"], row["family"]]);
  const expected = [["i0", "a"], ["i1", "a"], ["i2", "b"], ["i3", undefined]];
  assert.deepEqual(familyOf("i2t"), expected);
  assert.deepEqual(familyOf("t2i"), expected);
});

Deno.test("a swapped pair is of a family if both of its pictures are", async () => {
  const rows = new Map<string, Row[]>();
  await judgeSwappedPairs(
    { record: recordIn(rows) },
    familySet("swap"),
    (_, texts) => Promise.resolve(new Float32Array(texts.length)),
    "test",
  );
  assert.deepEqual(
    rows.get("pair_score")!.map((row) => [row["pair"], row["family"]]),
    [["p0", "a"], ["p1", undefined], ["p2", undefined]],
  );
});

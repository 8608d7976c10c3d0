import assert from "node:assert/strict";
import type { FeatureSet } from "../../../stages/data/feature_set.ts";
import { judgeSwappedPairs, pairSplitOf } from "../../../stages/evaluate/swapped_pairs.ts";
import { captionedPictures } from "../../support/small_features.ts";
import { recordIn, type Row } from "../../support/stage_context.ts";

/** Two pairs of split `swap`, one of `swap_val`; a caption belongs to the picture of the same place. */
function pairSet(): FeatureSet {
  const splits = ["test", "swap", "swap", "swap_val", "swap_val", "swap", "swap"];
  const pair = (id: string, kind: string, first: number) => ({
    id,
    kind,
    image0: first,
    image1: first + 1,
    caption0: first,
    caption1: first + 1,
  });
  return {
    ...captionedPictures(splits.map((split) => ({ split }))),
    pairs: [
      pair("one", "relation", 1),
      pair("other split", "relation", 3),
      pair("two", "attribute", 5),
    ],
  };
}

async function judged(split: string) {
  const rows = new Map<string, Row[]>();
  const scored: string[] = [];
  await judgeSwappedPairs(
    { record: recordIn(rows) },
    pairSet(),
    // A model that knows the first pair and gives all pictures of others the same score.
    (index, texts, images) => {
      scored.push(...index.captions.map(String));
      return Promise.resolve(
        Float32Array.from(texts, (text, place) => text === images[place] && text < 2 ? 1 : 0),
      );
    },
    split,
  );
  const metrics = Object.fromEntries(
    (rows.get("metric") ?? []).map(({ split, name, value }) => [`${split} ${name}`, value]),
  );
  return { metrics, pairs: (rows.get("pair_score") ?? []).map(({ pair }) => pair), scored };
}

Deno.test("the pairs of a split have a split of their own", () => {
  assert.deepEqual(
    ["test", "val", "unseen_roles"].map(pairSplitOf),
    ["swap", "swap_val", "swap_unseen_roles"],
  );
});

Deno.test("pairs are judged in the split that goes with the evaluated one, by kind, too", async () => {
  const { metrics, pairs, scored } = await judged("test");
  assert.deepEqual(pairs, ["one", "two"]);
  assert.deepEqual(scored, ["1", "2", "5", "6"], "rows of split swap alone");
  const expected: Record<string, number> = {};
  for (const test of ["text", "image", "group"]) {
    expected[`swap pair_${test}`] = 1 / 2;
    expected[`swap pair_${test}_relation`] = 1;
    expected[`swap pair_${test}_attribute`] = 0;
  }
  assert.deepEqual(metrics, expected);
});

Deno.test("pairs of other splits are not judged", async () => {
  assert.deepEqual((await judged("val")).pairs, ["other split"]);
  assert.deepEqual(await judged("train"), { metrics: {}, pairs: [], scored: [] });
});

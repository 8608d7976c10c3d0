import assert from "node:assert/strict";
import { heldOutOf } from "../../../../stages/vision/scenes/held_out.ts";
import type { CaptionLine, SceneList } from "../../../../stages/data/scene_list.ts";
import { vocabularyOf } from "../../../../stages/vision/scenes/vocabulary.ts";
import { fewScenes, madeScenes } from "../../../support/made_scenes.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

/** Pairs of a shape and a colour in a caption's picture, and those of the objects that it is about. */
function pairsOf({ image, phrases }: CaptionLine, { scenes }: SceneList) {
  const { objects } = scenes.find(({ id }) => id === image)!;
  const pairs = objects.map(({ shape, colour }) => `${shape} ${colour}`);
  return { shown: pairs, described: phrases.map(({ object }) => pairs[object]!) };
}

/** `subject object`, for each relation that a caption states. */
function rolesOf({ states }: CaptionLine): string[] {
  const { mentions, clauses } = states!;
  return clauses.flatMap(({ subject, objects }) =>
    objects.map((object) => `${mentions[subject]!.shape} ${mentions[object]!.shape}`)
  );
}

const sizes = { unseen_images: 4, swap_pairs: 3, val_swap_pairs: 2, captions: 3 };
for (
  const [title, parameters] of [
    ["of four shapes and colours, in families", { families: { pictures: 4 }, wording: "plain" }],
    ["with kin", { families: { pictures: 2, recoloured: true } }],
    ["of three shapes", { shapes: 3 }],
    ["of the whole vocabulary", {
      ...{ shapes: 8, colours: 8, sizes: 3, textures: 4 },
      objects: { from: 3, to: 6 },
    }],
  ] as const
) {
  Deno.test(`held-out combinations are in all of their split and nowhere else: ${title}`, async () => {
    for (const seed of [1, 2, 3]) {
      using temporary = temporaryFolder();
      const p = { ...fewScenes, ...sizes, seed, ...parameters };
      const list = await madeScenes(`${temporary.path}/scenes`, p);
      const held = heldOutOf(vocabularyOf(p));
      const isPair = (pair: string) => held.pairs.has(pair);
      const isRole = (role: string) => held.roles.has(role);
      const ofPairs = new Map<string, boolean[]>();
      for (const caption of list.captions) {
        const { split, text } = caption;
        const { shown, described } = pairsOf(caption, list);
        const roles = rolesOf(caption);
        const where = `${split}: ${text}`;
        if (split.startsWith("swap_unseen")) {
          // What is exchanged is unseen in at least one of the two captions.
          const pair = caption.image.slice(0, -2);
          const unseen = split === "swap_unseen_roles"
            ? roles.some(isRole)
            : described.some(isPair);
          ofPairs.set(pair, [...ofPairs.get(pair) ?? [], unseen]);
        }
        if (split === "unseen_pairs") assert.ok(described.some(isPair), where);
        else if (split !== "swap_unseen_pairs") assert.ok(!shown.some(isPair), where);
        if (split === "unseen_roles") {
          for (const { subject, objects } of caption.states!.clauses) {
            const mentions = caption.states!.mentions;
            const own = objects.map((at) => `${mentions[subject]!.shape} ${mentions[at]!.shape}`);
            assert.ok(own.some(isRole), where);
          }
        } else if (split !== "swap_unseen_roles") assert.ok(!roles.some(isRole), where);
      }
      assert.equal(ofPairs.size, 2 * sizes.swap_pairs);
      for (const [pair, unseen] of ofPairs) assert.ok(unseen.includes(true), pair);
      const splits = new Set(list.captions.map(({ split }) => split));
      assert.equal(splits.size, 9);
    }
  });
}

Deno.test("without held-out images there are no unseen splits, and combinations are anywhere", async () => {
  using temporary = temporaryFolder();
  const p = { ...fewScenes, images: 60, captions: 4 };
  const list = await madeScenes(`${temporary.path}/scenes`, p);
  const { pairs, roles } = heldOutOf(vocabularyOf(p));
  assert.deepEqual(
    [...new Set(list.scenes.map(({ split }) => split))],
    ["train", "val", "test", "swap"],
  );
  const train = list.captions.filter(({ split }) => split === "train");
  const shown = new Set(train.flatMap((caption) => pairsOf(caption, list).shown));
  const stated = new Set(train.flatMap(rolesOf));
  for (const pair of pairs) assert.ok(shown.has(pair), pair);
  for (const role of roles) assert.ok(stated.has(role), role);
});

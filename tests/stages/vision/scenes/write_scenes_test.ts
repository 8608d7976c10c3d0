import assert from "node:assert/strict";
import { isTrue, judgedScene } from "../../../../stages/data/statements.ts";
import type { CaptionLine, SceneLine } from "../../../../stages/data/scene_list.ts";
import { madeScenes } from "../../../support/made_scenes.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const sizes = {
  images: 12,
  val_images: 6,
  test_images: 18,
  unseen_images: 6,
  swap_pairs: 2,
  val_swap_pairs: 1,
  captions: 2,
  held_out_captions: 3,
};
const isTrueOf = ({ states }: CaptionLine, { objects, relations }: SceneLine) =>
  isTrue(states!, judgedScene(objects, relations!));

Deno.test("every split has its pictures, captions and pairs", async () => {
  using temporary = temporaryFolder();
  const { scenes, captions, pairs } = await madeScenes(`${temporary.path}/scenes`, sizes);
  const counts = (items: readonly { readonly split: string }[]) =>
    Object.fromEntries(
      [...Map.groupBy(items, ({ split }) => split)].map(([split, own]) => [split, own.length]),
    );
  const pictures = {
    train: 12,
    val: 6,
    test: 18,
    unseen_roles: 6,
    unseen_pairs: 6,
    swap: 4,
    swap_val: 2,
    swap_unseen_roles: 4,
    swap_unseen_pairs: 4,
  };
  assert.deepEqual(counts(scenes), pictures);
  assert.deepEqual(counts(captions), {
    ...pictures,
    train: 24,
    val: 18,
    test: 54,
    unseen_roles: 18,
    unseen_pairs: 18,
  });
  assert.deepEqual(
    pairs.map(({ id, kind }) => `${id} ${kind}`),
    [
      "swap_000000 relation",
      "swap_000001 attribute",
      "swap_val_000000 relation",
      "swap_unseen_roles_000000 relation",
      "swap_unseen_roles_000001 relation",
      "swap_unseen_pairs_000000 attribute",
      "swap_unseen_pairs_000001 attribute",
    ],
  );
  assert.ok(scenes.every(({ family }) => family === undefined));
  for (const { id, image_0, image_1, caption_0, caption_1 } of pairs) {
    const parts = [image_0, image_1, caption_0, caption_1];
    assert.deepEqual(parts, [`${id}_0`, `${id}_1`, `${id}_0_0`, `${id}_1_0`]);
  }
});

Deno.test("families have as many pictures as requested, of the same objects; a swapped pair is a family", async () => {
  using temporary = temporaryFolder();
  const { scenes, pairs } = await madeScenes(`${temporary.path}/scenes`, {
    ...sizes,
    families: { pictures: 3 },
  });
  const families = Map.groupBy(scenes, ({ family }) => family);
  assert.ok(!families.has(undefined));
  const inSplit = (split: string) =>
    [...families.values()].filter(([first]) => first!.split === split);
  assert.deepEqual(["train", "val", "test"].map((split) => inSplit(split).length), [4, 2, 6]);
  for (const own of families.values()) {
    const [{ split }] = own as [SceneLine];
    assert.ok(own.every((scene) => scene.split === split));
    if (split.startsWith("swap")) {
      assert.equal(own.length, 2);
      continue;
    }
    assert.equal(own.length, 3);
    const looks = own.map(({ objects }) =>
      objects.map(({ shape, colour, size, texture }) => `${size} ${texture} ${colour} ${shape}`)
    );
    assert.deepEqual(looks, [looks[0], looks[0], looks[0]]);
    assert.equal(new Set(own.map(({ objects }) => JSON.stringify(objects))).size, 3);
  }
  for (const { image_0, image_1 } of pairs) {
    const [a, b] = [image_0, image_1].map((id) => scenes.find((scene) => scene.id === id)!.family);
    assert.equal(a, b);
  }
});

Deno.test("kin are two families in sequence, with names of their own", async () => {
  using temporary = temporaryFolder();
  const { scenes } = await madeScenes(`${temporary.path}/scenes`, {
    ...sizes,
    families: { pictures: 3, recoloured: true },
  });
  const pictures = scenes.filter(({ split }) => !split.startsWith("swap"));
  const kin = Map.groupBy(pictures, ({ kin }) => kin!);
  assert.equal(kin.size, pictures.length / 6);
  for (const own of kin.values()) {
    const families = own.map(({ family }) => family);
    assert.equal(own.length, 6);
    assert.deepEqual(families, [0, 0, 0, 3, 3, 3].map((place) => families[place]));
    assert.notEqual(families[0], families[3]);
  }
  assert.ok(
    scenes.filter(({ split }) => split.startsWith("swap")).every(({ kin }) => kin === undefined),
  );
});

Deno.test("a caption lists all other pictures of its split that it is true of; in training, of its family and kin", async () => {
  for (const families of [undefined, { pictures: 3 }, { pictures: 3, recoloured: true }]) {
    using temporary = temporaryFolder();
    const { scenes, captions } = await madeScenes(`${temporary.path}/scenes`, {
      ...sizes,
      // Of two shapes and few colours, so that many captions are true of several pictures.
      ...{ unseen_images: 0, shapes: 2, colours: 3, objects: { from: 2, to: 3 }, captions: 4 },
      ...(families && { families }),
    });
    const sceneOf = new Map(scenes.map((scene) => [scene.id, scene]));
    const several = new Map<string, number>();
    for (const caption of captions) {
      const own = sceneOf.get(caption.image)!;
      assert.ok(isTrueOf(caption, own), caption.text);
      if (own.split.startsWith("swap")) continue;
      const right = scenes.filter((scene) =>
        scene.id !== own.id && scene.split === own.split && isTrueOf(caption, scene) &&
        (own.split !== "train" || (families !== undefined &&
          (families.recoloured ? scene.kin === own.kin : scene.family === own.family)))
      );
      const listed = caption.also_true_of ?? [];
      assert.deepEqual(listed, right.map(({ id }) => id), caption.text);
      if (listed.length > 0) several.set(own.split, (several.get(own.split) ?? 0) + 1);
    }
    assert.ok(several.get("test")! > 5);
    assert.equal(several.has("train"), families !== undefined);
    // "a circle is above a square" may be true of both.
    const trueOfKin = captions.some(({ image, split, also_true_of = [] }) =>
      split === "train" &&
      also_true_of.some((other) => sceneOf.get(other)!.family !== sceneOf.get(image)!.family)
    );
    assert.equal(trueOfKin, families?.recoloured ?? false);
  }
});

import assert from "node:assert/strict";
import { oracle } from "../../../stages/oracle.ts";
import type { CaptionLine, SceneLine, SceneList } from "../../../stages/data/scene_list.ts";
import { madeScenes } from "../../support/made_scenes.ts";
import { runStage } from "../../support/stage_context.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const few = {
  test_images: 6,
  val_images: 0,
  swap_pairs: 4,
  val_swap_pairs: 1,
  families: { pictures: 2 },
  colours: 3,
  objects: { from: 2, to: 2 },
  wording: "plain",
};

async function oracleMetrics(
  scenes: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<Record<string, number>> {
  const rows = await runStage({
    stage: oracle,
    parameters,
    inputs: { scenes },
    folder: `${scenes}_oracle`,
  });
  return Object.fromEntries(
    (rows.get("metric") ?? []).map(({ name, split, value }) => [`${split} ${name}`, Number(value)]),
  );
}

/** Read from the words of a plain caption: "a red circle is left of a blue square". */
function readPlain({ text }: CaptionLine) {
  const form = /^an? (\w+) (\w+) is (.*) an? (\w+) (\w+)$/;
  const [, colour, shape, relation, otherColour, otherShape] = form.exec(text)!;
  const placeIn = ({ objects }: SceneLine, colour: string, shape: string) =>
    objects.findIndex((object) => object.colour === colour && object.shape === shape);
  const places = (scene: SceneLine) =>
    [placeIn(scene, colour!, shape!), placeIn(scene, otherColour!, otherShape!)] as const;
  return {
    objects: (scene: SceneLine) => !places(scene).includes(-1),
    relations(scene: SceneLine) {
      const [subject, object] = places(scene);
      return scene.relations!.some((one) =>
        one.relation === relation && one.subject === subject && one.objects[0] === object
      );
    },
  };
}

/** The share of all sets of K of the items that have one which is correct. */
function shareOfSets<Item>(items: readonly Item[], k: number, isCorrect: (item: Item) => boolean) {
  const sets = (rest: readonly Item[], size: number): Item[][] =>
    size === 0
      ? [[]]
      : rest.flatMap((item, place) =>
        sets(rest.slice(place + 1), size - 1).map((more) => [item, ...more])
      );
  const all = sets(items, Math.min(k, items.length));
  return all.filter((set) => set.some(isCorrect)).length / all.length;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Recalls of split test by enumeration. */
function enumerated(
  { scenes, captions }: SceneList,
  knows: "objects" | "relations",
  k: number,
): Record<string, number> {
  const pictures = scenes.filter(({ split }) => split === "test");
  const own = captions.filter(({ split }) => split === "test");
  const mayBe = (caption: CaptionLine, scene: SceneLine) => readPlain(caption)[knows](scene);
  const isTrue = (caption: CaptionLine, scene: SceneLine) => readPlain(caption).relations(scene);
  const overCaptions = (isCorrect: (caption: CaptionLine, scene: SceneLine) => boolean) =>
    mean(own.map((caption) =>
      shareOfSets(
        pictures.filter((scene) => mayBe(caption, scene)),
        k,
        (scene) => isCorrect(caption, scene),
      )
    ));
  const overPictures = (isCorrect: (caption: CaptionLine, scene: SceneLine) => boolean) =>
    mean(pictures.map((scene) =>
      shareOfSets(
        own.filter((caption) => mayBe(caption, scene)),
        k,
        (caption) => isCorrect(caption, scene),
      )
    ));
  const isOwn = ({ image }: CaptionLine, { id }: SceneLine) => image === id;
  return {
    [`test i2t_r${k}`]: overPictures(isOwn),
    [`test t2i_r${k}`]: overCaptions(isOwn),
    [`test positives_i2t_r${k}`]: overPictures(isTrue),
    [`test positives_t2i_r${k}`]: overCaptions(isTrue),
  };
}

Deno.test("recalls of both oracles are those of an enumeration over the words of the captions", async () => {
  using temporary = temporaryFolder();
  const scenes = `${temporary.path}/scenes`;
  const list = await madeScenes(scenes, few);
  for (const knows of ["objects", "relations"] as const) {
    const found = await oracleMetrics(scenes, { knows, recall_at: [1, 2, 5] });
    for (const k of [1, 2, 5]) {
      for (const [name, value] of Object.entries(enumerated(list, knows, k))) {
        // Means over at most 12 queries of products of at most 5 fractions.
        assert.ok(Math.abs(found[name]! - value) < 40 * Number.EPSILON, `${knows}: ${name}`);
      }
    }
  }
  // Relations matter in this set, and some captions are true of several pictures.
  const objects = enumerated(list, "objects", 1);
  const relations = enumerated(list, "relations", 1);
  assert.ok(objects["test t2i_r1"]! < relations["test t2i_r1"]!);
  assert.ok(relations["test t2i_r1"]! < 1);
});

Deno.test("perfect finds a picture that the caption is true of, and passes all swapped pairs", async () => {
  using temporary = temporaryFolder();
  const scenes = `${temporary.path}/scenes`;
  await madeScenes(scenes, few);
  const found = await oracleMetrics(scenes, { knows: "relations" });
  for (const direction of ["i2t", "t2i"]) {
    for (const k of [1, 5, 10]) assert.equal(found[`test positives_${direction}_r${k}`], 1);
  }
  for (const test of ["text", "image", "group"]) {
    for (const kind of ["", "_relation", "_attribute"]) {
      assert.equal(found[`swap pair_${test}${kind}`], 1);
    }
  }
  const sums = ["i2t", "t2i"].flatMap((direction) =>
    [1, 5, 10].map((k) => found[`test ${direction}_r${k}`]!)
  );
  const rsum = sums.reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(found["test rsum"]! - rsum) < 8 * Number.EPSILON);
});

Deno.test("objects alone say nothing about exchanged places, and all about exchanged colours", async () => {
  using temporary = temporaryFolder();
  const scenes = `${temporary.path}/scenes`;
  await madeScenes(scenes, few);
  const found = await oracleMetrics(scenes, { knows: "objects" });
  const pairs = Object.fromEntries(
    Object.entries(found).filter(([name]) => name.startsWith("swap pair_")),
  );
  // Two pairs of each kind.
  assert.deepEqual(pairs, {
    "swap pair_text": (1 / 4 + 1) / 2,
    "swap pair_image": (1 / 4 + 1) / 2,
    "swap pair_group": (1 / 6 + 1) / 2,
    "swap pair_text_relation": 1 / 4,
    "swap pair_image_relation": 1 / 4,
    "swap pair_group_relation": 1 / 6,
    "swap pair_text_attribute": 1,
    "swap pair_image_attribute": 1,
    "swap pair_group_attribute": 1,
  });
});

Deno.test("the pairs of an oracle are those that go with its split", async () => {
  using temporary = temporaryFolder();
  const scenes = `${temporary.path}/scenes`;
  await madeScenes(scenes, { ...few, val_images: 2, val_swap_pairs: 1 });
  const splitsOf = async (split: string) => {
    const found = await oracleMetrics(scenes, { knows: "objects", split });
    return [...new Set(Object.keys(found).map((name) => name.split(" ")[0]))];
  };
  assert.deepEqual(await splitsOf("val"), ["val", "swap_val"]);
  assert.deepEqual(await splitsOf("test"), ["test", "swap"]);
  assert.deepEqual(await splitsOf("train"), ["train"]);
});

Deno.test("a split that is not there, and scenes of which too little is known, are errors with a fix", async () => {
  using temporary = temporaryFolder();
  const scenes = `${temporary.path}/scenes`;
  await madeScenes(scenes, few);
  const fails = async (parameters: object, expected: string) =>
    await assert.rejects(oracleMetrics(scenes, { knows: "objects", ...parameters }), (error) => {
      assert.equal(String(error), expected);
      return true;
    });
  await fails(
    { split: "tset" },
    "error: split `tset` has 0 images and 0 captions\n" +
      "fix: name one of the splits of the scenes: train, test, swap, swap_val",
  );
  for (const [file, field] of [["captions", "states"], ["scenes", "relations"]] as const) {
    const path = `${scenes}/${file}.jsonl`;
    const before = await Deno.readTextFile(path);
    const without = before.trimEnd().split("\n").map((line) =>
      JSON.stringify({ ...JSON.parse(line), [field]: undefined })
    );
    await Deno.writeTextFile(path, without.map((line) => `${line}\n`).join(""));
    await fails(
      {},
      "error: the scenes do not say what their pictures show and what their captions state\n" +
        `  --> ${scenes}\nfix: use an oracle with \`make_scenes\``,
    );
    await Deno.writeTextFile(path, before);
  }
});

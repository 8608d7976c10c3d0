import assert from "node:assert/strict";
import fc from "fast-check";
import * as v from "valibot";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import { readExperiment } from "../../pipeline/experiment/experiment.ts";
import { buildGraph } from "../../pipeline/experiment/stage_graph.ts";
import { catalogue } from "../../stages/catalogue.ts";
import { makeScenes } from "../../stages/make_scenes.ts";
import { describeScene } from "../../stages/vision/scenes/captions.ts";
import { layoutScene } from "../../stages/vision/scenes/layout.ts";
import { relationsOf } from "../../stages/vision/scenes/relations.ts";
import { swappedScenes } from "../../stages/vision/scenes/swaps.ts";
import {
  boxOf,
  canvasHeight,
  canvasWidth,
  type SceneObject,
} from "../../stages/vision/scenes/vocabulary.ts";
import { relationIsTrue } from "../support/box_truth.ts";
import { runStage } from "../support/stage_context.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { errorText } from "../support/toy_graph.ts";

const seeds = fc.nat(1e6).map((seed) => randomStream(seed));

Deno.test("layoutScene() places 3 to 6 complete objects of distinct colours", () => {
  fc.assert(fc.property(seeds, (random) => {
    const objects = layoutScene(random);
    assert.ok(objects.length >= 3 && objects.length <= 6);
    assert.equal(new Set(objects.map(({ colour }) => colour)).size, objects.length);
    for (const object of objects) {
      const [x1, y1, x2, y2] = boxOf(object);
      assert.ok(x1 >= 0 && y1 >= 0 && x2 <= canvasWidth && y2 <= canvasHeight);
    }
  }));
});

Deno.test("every relation of a scene matches its boxes, and every kind occurs", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(seeds, (random) => {
      const objects = layoutScene(random);
      const relations = relationsOf(objects);
      assert.ok(relations.length > 0);
      for (const { relation, subject, objects: others } of relations) {
        seen.add(relation);
        const parts = [subject, ...others].map((i) => objects[i]!);
        assert.ok(relationIsTrue(relation, parts), `${relation} ${JSON.stringify(parts)}`);
      }
    }),
    { numRuns: 400, seed: 1 },
  );
  assert.deepEqual([...seen].sort(), [
    "above",
    "below",
    "between",
    "inside",
    "left of",
    "right of",
    "touching",
  ]);
});

/** The objects of the scene that fit a phrase's words. */
function fitting(phrase: string, objects: readonly SceneObject[]): number[] {
  const same: Record<string, string> = {
    little: "small",
    big: "large",
    spotted: "dotted",
    disc: "circle",
    box: "square",
  };
  const words = phrase.split(" ").slice(1).map((word) => same[word] ?? word);
  return objects.flatMap((object, i) => {
    const own: readonly string[] = [object.shape, object.colour, object.size, object.texture];
    return words.every((word) => own.includes(word)) ? [i] : [];
  });
}

Deno.test("a caption's phrases are at their offsets and match only their object", () => {
  fc.assert(fc.property(seeds, (random) => {
    const objects = layoutScene(random.fork("layout"));
    const captions = describeScene(objects, relationsOf(objects), 5, random);
    assert.equal(captions.length, 5);
    for (const { text, phrases } of captions) {
      assert.ok(phrases.length >= 2, text);
      for (const { start, end, object } of phrases) {
        const phrase = text.slice(start, end);
        assert.match(phrase, /^(a|an|the) [a-z ]+$/);
        assert.deepEqual(fitting(phrase, objects), [object], `${phrase} in: ${text}`);
      }
    }
  }));
});

Deno.test("swapped scenes differ in one property, their captions only in word order", () => {
  fc.assert(
    fc.property(
      seeds,
      fc.constantFrom("relation" as const, "attribute" as const),
      (random, kind) => {
        const { scenes: [first, second], captions: [caption0, caption1] } = swappedScenes(
          kind,
          random,
        );
        const changed = first.flatMap((object, i) =>
          Object.keys(object).filter((key) =>
            object[key as keyof SceneObject] !== second[i]![key as keyof SceneObject]
          ).map((key) => ({ i, key }))
        );
        assert.equal(new Set(changed.map(({ i }) => i)).size, 2);
        const keys = new Set(changed.map(({ key }) => key));
        if (kind === "relation") {
          assert.ok(
            [...keys].every((key) => ["x", "y", "extent"].includes(key)),
          );
        } else {assert.ok(
            keys.size === 1 && [..."colour texture".split(" ")].includes([...keys][0]!),
          );}
        const bag = (text: string) => text.split(" ").sort().join(" ");
        assert.equal(bag(caption0.text), bag(caption1.text));
        assert.notEqual(caption0.text, caption1.text);
        const truth = (objects: readonly SceneObject[], caption: typeof caption0) => {
          const phrases = caption.phrases.map(({ start, end }) => caption.text.slice(start, end));
          const [a, b] = phrases.map((phrase) => fitting(phrase, objects)[0]);
          const relation = ["left of", "right of", "above", "below"].find((name) =>
            caption.text.includes(name)
          )!;
          return a !== undefined && b !== undefined &&
            relationIsTrue(relation, [objects[a]!, objects[b]!]);
        };
        assert.ok(truth(first, caption0) && truth(second, caption1));
        assert.ok(!truth(first, caption1) && !truth(second, caption0));
      },
    ),
    { numRuns: 60 },
  );
});

async function digestOf(
  parameters: object,
): Promise<{ folder: string; digests: Record<string, string> }> {
  const folder = await Deno.makeTempDir();
  await makeScenes.run({
    parameters: v.parse(makeScenes.parameters, parameters),
    folder,
    signal: new AbortController().signal,
    progress: { report() {}, say() {} },
    // deno-lint-ignore no-explicit-any
  } as any);
  const digests: Record<string, string> = {};
  const walk = async (sub: string) => {
    for await (const entry of Deno.readDir(`${folder}/${sub}`)) {
      const path = sub === "" ? entry.name : `${sub}/${entry.name}`;
      if (entry.isDirectory) await walk(path);
      else {
        const hash = await crypto.subtle.digest(
          "SHA-256",
          await Deno.readFile(`${folder}/${path}`),
        );
        digests[path] = new Uint8Array(hash).toHex();
      }
    }
  };
  await walk("");
  return { folder, digests };
}

Deno.test("equal seeds give equal bytes, other seeds other bytes, and more images keep the first ones", async () => {
  const few = { seed: 3, images: 4, val_images: 1, test_images: 2, swap_pairs: 2 };
  const runs = [
    await digestOf(few),
    await digestOf(few),
    await digestOf({ ...few, seed: 4 }),
    await digestOf({ ...few, images: 6 }),
  ];
  const [first, again, other, more] = runs.map(({ digests }) => digests);
  assert.deepEqual(first, again);
  assert.equal(Object.keys(first!).length, 3 + 4 + 1 + 2 + 4);
  for (const [file, digest] of Object.entries(first!)) {
    if (file !== "pairs.jsonl") assert.notEqual(digest, other![file], file); // ids alone
    if (file.endsWith(".png")) assert.equal(digest, more![file], file);
  }
  for (const { folder } of runs) await Deno.remove(folder, { recursive: true });
});

Deno.test("make_scenes reports every picture and stops at the next one when aborted", async () => {
  using temporary = temporaryFolder();
  const parameters = { seed: 3, images: 3, val_images: 1, test_images: 2, swap_pairs: 1 };
  const reports: number[] = [];
  await runStage({
    stage: makeScenes,
    parameters,
    folder: `${temporary.path}/whole`,
    onReport: (done) => reports.push(done),
  });
  assert.deepEqual(reports, [1, 2, 3, 4, 5, 6, 7, 8]);

  const controller = new AbortController();
  const reason = new Error("enough");
  const stopped = runStage({
    stage: makeScenes,
    parameters,
    folder: `${temporary.path}/stopped`,
    signal: controller.signal,
    onReport: (done) => done === 4 && controller.abort(reason),
  });
  await assert.rejects(stopped, reason);
  assert.equal(Array.from(Deno.readDirSync(`${temporary.path}/stopped/images`)).length, 4);
});

Deno.test("parameters that contradict each other are errors at their place, with a fix", () => {
  const errorsOf = (parameters: string) =>
    errorText(() => {
      const text = `name: x\nseed: 1\nstages:\n  scenes: { use: make_scenes, ${parameters} }\n`;
      buildGraph(readExperiment(text, "e.yaml", () => undefined), catalogue);
    });
  const error = (what: string, column: number, fix: string) =>
    `error: ${what}\n  --> e.yaml:4:${column}\nfix: ${fix}`;
  const start = 3; // of the stage, where the value is a default
  const multiple = "use a multiple of 7, the number of `pictures` in a family";
  assert.equal(
    errorsOf("images: 70, families: { pictures: 7 }"),
    [
      error("`val_images` of stage `scenes` is 60", start, multiple),
      error("`test_images` of stage `scenes` is 100", start, multiple),
    ].join("\n\n"),
  );
  assert.equal(
    errorsOf("families: { pictures: 4, recoloured: true }"),
    [
      error(
        "`val_images` of stage `scenes` is 60",
        start,
        "use a multiple of 8, twice the number of `pictures` in a family",
      ),
      error(
        "`test_images` of stage `scenes` is 100",
        start,
        "use a multiple of 8, twice the number of `pictures` in a family",
      ),
    ].join("\n\n"),
  );
  assert.equal(
    errorsOf("objects: { from: 2, to: 5 }, colours: 4"),
    error(
      '`objects` of stage `scenes` is {"from":2,"to":5}',
      40,
      "use at most 4, the number of `colours`",
    ),
  );
  assert.equal(
    errorsOf("unseen_images: 8, shapes: 2, swap_pairs: 0"),
    error(
      "`unseen_images` of stage `scenes` is 8",
      46,
      "use 0, or at least 3 `shapes` and 4 `colours`",
    ),
  );
  assert.equal(
    errorsOf("shapes: 2"),
    error(
      "`swap_pairs` of stage `scenes` is 60",
      start,
      "use 0, at least 3 `shapes`, or `objects` from 2: swapped objects have shapes that no other " +
        "object of the picture has",
    ),
  );
});

Deno.test("the smallest vocabulary and the most crowded pictures can be made", async () => {
  const few = { seed: 5, images: 2, val_images: 2, test_images: 2, swap_pairs: 2, captions: 1 };
  for (
    const parameters of [
      {
        ...{ shapes: 2, colours: 2, sizes: 1, textures: 1, objects: { from: 2, to: 2 } },
        ...{ families: { pictures: 2 }, wording: "plain", val_swap_pairs: 2 },
      },
      {
        shapes: 3,
        colours: 4,
        sizes: 1,
        textures: 1,
        unseen_images: 2,
        objects: { from: 2, to: 4 },
      },
      { sizes: 1, objects: { from: 8, to: 8 }, families: { pictures: 2 } },
    ]
  ) {
    const { folder, digests } = await digestOf({ ...few, ...parameters });
    assert.ok(Object.keys(digests).length >= 3 + 3 * 2 + 2 * 2);
    await Deno.remove(folder, { recursive: true });
  }
});

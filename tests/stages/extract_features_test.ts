import assert from "node:assert/strict";
import * as v from "valibot";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { silentProgress } from "../../pipeline/contract/progress.ts";
import type { Scalar } from "../../pipeline/contract/stage.ts";
import { openFeatures } from "../../stages/data/feature_set.ts";
import { readSceneList } from "../../stages/data/scene_list.ts";
import { readSafetensors } from "../../stages/data/formats/safetensors.ts";
import { extractFeatures } from "../../stages/extract_features.ts";
import { makeScenes } from "../../stages/make_scenes.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** Runs the stage and gives back what it recorded. */
async function extract(
  scenes: string,
  folder: string,
  { signal = new AbortController().signal, report = silentProgress.report } = {},
) {
  const rows: Record<string, Scalar>[] = [];
  const coverage: Record<string, number> = {};
  await Deno.mkdir(folder);
  await extractFeatures.run({
    parameters: { regions: "objects", max_regions: 12 },
    inputs: { from: { folder: scenes, key: "00", files: {} } },
    files: {},
    folder,
    resumeFolder: folder,
    threads: 1,
    signal,
    progress: { ...silentProgress, report },
    record: {
      row: (table, row) => {
        assert.equal(table, "region_coverage");
        rows.push(row);
      },
      metric: (name, value, where) => {
        assert.equal(name, "gold_coverage");
        coverage[where!.split!] = value;
      },
      measurement() {},
      retain() {},
    },
  });
  return { rows, coverage };
}

async function scenesIn(
  folder: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<string> {
  await Deno.mkdir(folder);
  await makeScenes.run({
    parameters: v.parse(makeScenes.parameters, {
      images: 6,
      val_images: 2,
      test_images: 3,
      swap_pairs: 2,
      captions: 3,
      ...parameters,
    }),
    inputs: {},
    files: {},
    folder,
    resumeFolder: folder,
    threads: 1,
    signal: new AbortController().signal,
    progress: silentProgress,
    record: { row() {}, measurement() {}, metric() {}, retain() {} },
  });
  return folder;
}

async function filesOf(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const { name } of Deno.readDirSync(folder)) {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${folder}/${name}`));
    files[name] = new Uint8Array(digest).toHex();
  }
  return files;
}

Deno.test("extract_features covers 95 % of the objects of every split with one region each", async () => {
  using temporary = temporaryFolder();
  const counts = { images: 60, val_images: 40, test_images: 40, swap_pairs: 20 };
  const scenes = await scenesIn(`${temporary.path}/scenes`, { seed: 90210, ...counts });
  const { rows, coverage } = await extract(scenes, `${temporary.path}/features`);
  assert.deepEqual(Object.keys(coverage).sort(), ["swap", "test", "train", "val"]);
  for (const [split, share] of Object.entries(coverage)) {
    assert.ok(share >= 0.95 && share <= 1, `${split}: ${share}`);
  }
  const set = await openFeatures({ folder: `${temporary.path}/features` });
  assert.equal(rows.length, 60 + 40 + 40 + 40);
  const wrong = rows.filter(({ objects }, k) => set.images[k]!.regions !== objects);
  assert.ok(wrong.length <= 0.02 * rows.length, `${wrong.length} pictures have other counts`);
});

Deno.test("extract_features writes standardised features, correct boxes and linked phrases", async () => {
  using temporary = temporaryFolder();
  const scenes = await scenesIn(`${temporary.path}/scenes`, { seed: 5, images: 30 });
  await extract(scenes, `${temporary.path}/features`);
  const set = await openFeatures({ folder: `${temporary.path}/features` });
  const regionsOf = (split?: string) =>
    set.images.flatMap((image, place) =>
      split === undefined || image.split === split ? [set.regions.read(place)] : []
    );
  const training = regionsOf("train").flatMap(({ features }) => [...features]);
  const rows = training.length / set.featureDim;
  for (let column = 0; column < set.featureDim; column++) {
    const values = Array.from(
      { length: rows },
      (_, r) => training[r * set.featureDim + column]!,
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / rows;
    assert.ok(Math.abs(mean) < 0.25, `number ${column} has mean ${mean}`); // cut values move it
    assert.ok(values.every((value) => Math.abs(value) <= 5));
  }
  const boxes = regionsOf().flatMap(({ boxes }) => [...boxes]);
  for (let row = 0; row < boxes.length / 7; row++) {
    const [x1, y1, x2, y2, w, h, area] = boxes.slice(7 * row, 7 * row + 7);
    assert.ok(x1! >= 0 && y1! >= 0 && x2! <= 1 && y2! <= 1);
    assert.ok(Math.abs(x2! - x1! - w!) < 1e-6 && Math.abs(y2! - y1! - h!) < 1e-6);
    assert.equal(area, Math.fround(w! * h!));
  }
  const lines = (await Deno.readTextFile(`${temporary.path}/features/captions.jsonl`)).trim();
  const gold = (await Deno.readTextFile(`${scenes}/scenes.jsonl`)).trim().split("\n")
    .map((line) => JSON.parse(line));
  let linked = 0;
  for (const line of lines.split("\n").map((line) => JSON.parse(line))) {
    const place = gold.findIndex(({ id }) => id === line.image);
    for (const { token_start, token_end, object, region } of line.phrases) {
      assert.ok(token_start < token_end && token_end <= line.tokens.length);
      if (region === null) continue;
      linked++;
      const [x1, y1, x2, y2] = gold[place].objects[object].box;
      const [rx1, ry1, rx2, ry2] = set.regions.read(place).boxes.subarray(7 * region);
      const off = Math.max(
        Math.abs(rx1! * 192 - x1),
        Math.abs(rx2! * 192 - x2),
        Math.abs(ry1! * 144 - y1),
        Math.abs(ry2! * 144 - y2),
      );
      assert.ok(off <= 12, `${line.id}: region ${region} is ${off} pixels off object ${object}`);
    }
  }
  assert.ok(linked > 100);
});

Deno.test("families, and other pictures that a caption is true of, reach the features", async () => {
  using temporary = temporaryFolder();
  const scenes = await scenesIn(`${temporary.path}/scenes`, {
    ...{ seed: 4, val_images: 0, test_images: 6, families: { pictures: 3 } },
    ...{ shapes: 2, colours: 2, sizes: 1, textures: 1, objects: { from: 2, to: 2 } },
  });
  await extract(scenes, `${temporary.path}/features`);
  using set = await openFeatures({ folder: `${temporary.path}/features` });
  const list = await readSceneList(scenes);
  assert.deepEqual(
    set.images.map(({ id, family }) => [id, family]),
    list.scenes.map(({ id, family }) => [id, family]),
  );
  const others = set.captions.map(({ id, alsoTrueOf = [] }) => [
    id,
    alsoTrueOf.map((image) => set.images[image]!.id),
  ]);
  assert.deepEqual(others, list.captions.map(({ id, also_true_of = [] }) => [id, also_true_of]));
  assert.ok(list.captions.some(({ also_true_of }) => also_true_of !== undefined));
});

Deno.test("extract_features finds the same regions without annotations", async () => {
  using temporary = temporaryFolder();
  const scenes = await scenesIn(`${temporary.path}/scenes`, { seed: 6 });
  await extract(scenes, `${temporary.path}/with`);
  const lines = (await Deno.readTextFile(`${scenes}/scenes.jsonl`)).trim().split("\n");
  const bare = lines.map((line) => {
    const { objects: _objects, relations: _relations, ...scene } = JSON.parse(line);
    return `${JSON.stringify(scene)}\n`;
  });
  await Deno.writeTextFile(`${scenes}/scenes.jsonl`, bare.join(""));
  const { coverage } = await extract(scenes, `${temporary.path}/without`);
  assert.deepEqual(coverage, {}); // nothing to measure against
  const [annotated, blind] = [
    await filesOf(`${temporary.path}/with`),
    await filesOf(`${temporary.path}/without`),
  ];
  assert.notEqual(annotated["captions.jsonl"], blind["captions.jsonl"]); // phrases lose regions
  delete annotated["captions.jsonl"];
  delete blind["captions.jsonl"];
  assert.deepEqual(blind, annotated);
});

Deno.test("extract_features writes the same bytes again, and reports every picture", async () => {
  using temporary = temporaryFolder();
  const scenes = await scenesIn(`${temporary.path}/scenes`, { seed: 7 });
  const reports: string[] = [];
  const report = (done: number, total: number, unit: string) => {
    reports.push(`${done}/${total} ${unit}`);
  };
  await extract(scenes, `${temporary.path}/first`, { report });
  await extract(scenes, `${temporary.path}/second`);
  assert.deepEqual(
    await filesOf(`${temporary.path}/first`),
    await filesOf(`${temporary.path}/second`),
  );
  assert.deepEqual(reports, Array.from({ length: 15 }, (_, k) => `${k + 1}/15 images`));
});

Deno.test("pictures outside the training split do not affect scale or vocabulary", async () => {
  using temporary = temporaryFolder();
  const few = await scenesIn(`${temporary.path}/few`, { seed: 8, test_images: 1, swap_pairs: 0 });
  const more = await scenesIn(`${temporary.path}/more`, { seed: 8, test_images: 6 });
  const read = async (scenes: string, folder: string) => {
    await extract(scenes, folder);
    const tensors = await readSafetensors(`${folder}/regions.safetensors`);
    return {
      mean: tensors.get("feature_mean")!.data,
      deviation: tensors.get("feature_deviation")!.data,
      tokenizer: await Deno.readTextFile(`${folder}/tokenizer.json`),
    };
  };
  assert.deepEqual(
    await read(few, `${temporary.path}/a`),
    await read(more, `${temporary.path}/b`),
  );
});

Deno.test("an aborted extract_features stops at the next picture and throws the reason", async () => {
  using temporary = temporaryFolder();
  const scenes = await scenesIn(`${temporary.path}/scenes`, { seed: 9 });
  const controller = new AbortController();
  const reason = new Error("enough");
  let last = 0;
  const report = (done: number) => {
    last = done;
    if (done === 3) controller.abort(reason);
  };
  await assert.rejects(
    extract(scenes, `${temporary.path}/features`, { signal: controller.signal, report }),
    reason,
  );
  assert.equal(last, 3);
});

const broken: Record<string, { harm: (scenes: string) => void; says: RegExp }> = {
  "a truncated picture": {
    harm: (scenes) => {
      const path = `${scenes}/images/train_000001.png`;
      Deno.truncateSync(path, Deno.statSync(path).size - 500);
    },
    says: /train_000001\.png is not a readable picture: it is truncated/,
  },
  "a missing picture": {
    harm: (scenes) => Deno.removeSync(`${scenes}/images/test_000000.png`),
    says: /test_000000\.png is not a readable picture/,
  },
  "a caption of a missing picture": {
    harm: (scenes) => {
      const caption = { id: "x", image: "nowhere", split: "train", text: "a" };
      Deno.writeTextFileSync(`${scenes}/captions.jsonl`, JSON.stringify(caption), { append: true });
    },
    says: /`x` refers to `nowhere`[^]*captions\.jsonl/,
  },
  "a scene without a file": {
    harm: (scenes) => Deno.writeTextFileSync(`${scenes}/scenes.jsonl`, '{"id":"a","split":"b"}\n'),
    says: /`file`[^]*scenes\.jsonl:1/,
  },
  "no scenes": {
    harm: (scenes) => {
      for (const name of ["scenes", "captions", "pairs"]) {
        Deno.writeTextFileSync(`${scenes}/${name}.jsonl`, "");
      }
    },
    says: /lists no image[^]*scenes\.jsonl/,
  },
};

for (const [what, { harm, says }] of Object.entries(broken)) {
  Deno.test(`extract_features refuses ${what} and names the file`, async () => {
    using temporary = temporaryFolder();
    const scenes = await scenesIn(`${temporary.path}/scenes`, { seed: 10 });
    harm(scenes);
    await assert.rejects(extract(scenes, `${temporary.path}/features`), (error) => {
      assert.ok(error instanceof Complaint, String(error));
      assert.match(error.toString(), says);
      return true;
    });
  });
}

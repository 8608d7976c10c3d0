import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { type FeatureSet, openFeatures } from "../../../../stages/data/feature_set.ts";
import { bytesInMemory } from "../../../../stages/data/formats/byte_source.ts";
import { wrongIn } from "../../../../stages/data/formats/foreign_file.ts";
import { listNpz, readNpz } from "../../../../stages/data/formats/npz.ts";
import {
  type PublishedOptions,
  writePublished,
} from "../../../../stages/data/published/export_features.ts";
import { regionTables } from "../../../../stages/data/region_source.ts";
import { publishedFeatures } from "../../../../stages/published_features.ts";
import { smallFeatures } from "../../../support/small_features.ts";
import { runStage } from "../../../support/stage_context.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const features = smallFeatures({ featureDim: 600, vocabulary: 40 });

Deno.test("features exported as npz are imported again with equal numbers", async () => {
  using read = await writtenAndRead(features, "npz");
  compare(read.set, (value) => value);
});

Deno.test("features exported as LMDB are imported again, rounded to float16", async () => {
  using read = await writtenAndRead(features, "lmdb");
  compare(read.set, Math.f16round);
});

function compare(read: FeatureSet, rounded: (value: number) => number): void {
  const { images, captions, regions, vocabulary } = features;
  const inSplits = <Item extends { split: string }>(items: readonly Item[]) => [
    ...items.filter(({ split }) => split === "train"),
    ...items.filter(({ split }) => split === "test"),
  ];
  assert.deepEqual(read.vocabulary, vocabulary);
  assert.deepEqual(
    read.images.map(({ id, split, regions }) => ({ id, split, regions })),
    inSplits(images).map(({ id, split, regions }) => ({ id: `${id}.npz`, split, regions })),
  );
  const bare =
    (set: FeatureSet, ending: string) =>
    ({ id, split, text, tokens, image }: typeof captions[number]) => ({
      ...{ id, split, text, tokens },
      image: `${set.images[image]!.id}${ending}`,
    });
  assert.deepEqual(
    read.captions.map(bare(read, "")),
    inSplits(captions).map(bare(features, ".npz")),
  );
  read.images.forEach(({ id }, place) => {
    const before = regions.read(images.findIndex((image) => `${image.id}.npz` === id));
    const now = read.regions.read(place);
    assert.deepEqual(now.features, before.features.map(rounded));
    // the area is computed anew
    const sides = (boxes: Float32Array) => boxes.filter((_, k) => k % 7 !== 6);
    assert.deepEqual(sides(now.boxes), sides(before.boxes).map(rounded));
  });
}

Deno.test("captions keep their order, even if their ids look like numbers", async () => {
  const names = ["10", "9", "0x", "007", "1", "b", "a", "é", "2", "11", "3", "4", "5", "6"];
  const captions = features.captions.map((caption, place) => ({ ...caption, id: names[place]! }));
  using read = await writtenAndRead({ ...features, captions }, "lmdb");
  const train = captions.filter(({ split }) => split === "train").map(({ id }) => id);
  assert.deepEqual(read.set.captions.slice(0, train.length).map(({ id }) => id), train);
});

Deno.test("an .npz contains confidences of 1, and soft labels if regions have classes", () => {
  using folder = temporaryFolder();
  const read = (_image: number, region: number) => Float32Array.of(region, 1, 0.5);
  write(features, { folder: folder.path, format: "npz", classes: { count: 3, read } });
  const file = `${folder.path}/img_db/small/i1.npz`;
  const bytes = Deno.readFileSync(file);
  const wrong = wrongIn(file);
  const names = [...listNpz(bytesInMemory(bytes), wrong).keys()];
  assert.deepEqual(names, ["features", "norm_bb", "conf", "soft_labels"]);
  const arrays = readNpz(bytes, { names, wrong });
  const shapes = names.map((name) => arrays.get(name)!).map(({ type, shape }) => [type, ...shape]);
  assert.deepEqual(shapes, [["<f4", 3, 600], ["<f4", 3, 6], ["<f4", 3], ["<f4", 3, 3]]);
  const values = (name: string) => [...new Float32Array(arrays.get(name)!.data.slice().buffer)];
  assert.deepEqual(values("conf"), [1, 1, 1]);
  assert.deepEqual(values("soft_labels"), [0, 1, 0.5, 1, 1, 0.5, 2, 1, 0.5]);
});

Deno.test("numbers that float16 cannot represent are refused, and the fix is --format npz", () => {
  using folder = temporaryFolder();
  const images = [{ id: "big", split: "train", regions: 1, offset: 0 }];
  const tables = { features: Float32Array.of(1, 7e4), boxes: new Float32Array(7), featureDim: 2 };
  const big = { ...features, images, captions: [], regions: regionTables(tables, images) };
  const both = () => write({ ...big, featureDim: 2 }, { folder: folder.path, format: "lmdb" });
  assert.throws(both, (error: Complaint) => {
    assert.equal(
      String(error),
      "error: a number of image `big` is 70000, which float16 cannot represent\n" +
        "fix: export with `--format npz`, which is float32",
    );
    return error.exitCode === 1;
  });
});

Deno.test("image ids that are not valid file names are refused", () => {
  using folder = temporaryFolder();
  const named = (first: string, second: string) => () =>
    write({
      ...features,
      images: features.images.map((image, place) => ({
        ...image,
        id: [first, second][place] ?? image.id,
      })),
    }, { folder: folder.path, format: "npz" });
  assert.throws(
    named("a", "a.npz"),
    /^error: two images would be named `a.npz`: `a` and `a.npz`\n/,
  );
  assert.throws(named("../a", "b"), /the image id "..\/a" is not a valid file name/);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

function write(
  set: FeatureSet,
  options: Omit<PublishedOptions, "dataset">,
): void {
  writePublished(set, { dataset: "small", ...options });
}

async function writtenAndRead(set: FeatureSet, format: "npz" | "lmdb") {
  const folder = temporaryFolder();
  const root = `${folder.path}/out`;
  write(set, { folder: root, format });
  const given = { root, dataset: "small", splits: ["train", "test"], format };
  const files = Object.fromEntries(
    publishedFeatures.outside!(given).map(({ role, path }) => [role, path]),
  );
  const artifact = `${folder.path}/artifact`;
  await runStage({ stage: publishedFeatures, parameters: given, files, folder: artifact });
  const read = await openFeatures({ folder: artifact, files });
  return {
    set: read,
    [Symbol.dispose]() {
      read[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

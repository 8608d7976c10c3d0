/**
 * How fast region features are read: `deno run -A tests/bench/features.ts [megabytes]`. Writes each
 * published format of the same images (36..100 regions of 2,048 numbers) to a temporary folder and reads
 * it twice through openImageDatabase(); MB/s are those of the features as float16 (float32 in a table). Then
 * the images of a micro-step of the release's recipe, which are copied to the device from UNITER's LMDB.
 */
import process from "node:process";
import { imageSupply } from "../../stages/batch/image_supply.ts";
import { openImageDatabase } from "../../stages/data/databases/open_image_database.ts";
import { writeLmdb } from "../../stages/data/formats/lmdb_writer.ts";
import { startCompute } from "../../stages/tensorflow/kernels/backend.ts";
import { floats, halves, msgpackNumpy, npz, type WritableArrays } from "../support/numpy_files.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const choice = { conf_th: 0.2, max_bb: 100, min_bb: 10, num_bb: 36 };
const chosen = "th0.2_max100_min10";
const FEATURES = 2048;
const megabytes = Number(Deno.args[0] ?? 400);

using folder = temporaryFolder();
// Sparse and positive, as the features of a rectifier are; every image is another part of one table.
const pool = Float16Array.from(
  { length: 200 * FEATURES },
  (_, at) => at * 7919 % 5 < 2 ? (at * 104729 % 9973) / 997 : 0,
);

interface Image {
  readonly name: string;
  readonly regions: number;
  readonly start: number;
}

/** In the order of their names. */
function imagesOf(bytes: number): Image[] {
  const images: Image[] = [];
  for (let left = bytes, index = 0; left > 0; index++) {
    const regions = 36 + index * 37 % 65;
    images.push({
      name: `flickr30k_${String(index).padStart(12, "0")}.npz`,
      regions,
      start: index % 100,
    });
    left -= regions * FEATURES * 2;
  }
  return images;
}

function arraysOf({ regions, start }: Image): WritableArrays {
  const from = start * FEATURES;
  return {
    features: {
      type: "<f2",
      shape: [regions, FEATURES],
      data: pool.subarray(from, from + regions * FEATURES),
    },
    norm_bb: halves([regions, 6], (index) => index % 13 / 13),
    conf: halves([regions], () => 0.9),
  };
}

function readTwice(place: string, { bytesEach = 2 } = {}) {
  const opening = performance.now();
  using images = openImageDatabase(place, choice);
  const opened = performance.now() - opening;
  const rates = [1, 2].map(() => {
    const start = performance.now();
    let numbers = 0;
    for (const name of images.names()) numbers += images.read(name).features.length;
    return (numbers * bytesEach / 1e3 / (performance.now() - start)).toFixed(0).padStart(6);
  });
  console.log(
    `${images.format.padEnd(16)} ${rates[0]} MB/s, again ${rates[1]} MB/s; ` +
      `opened in ${opened.toFixed(0)} ms, ${images.names().length} images`,
  );
}

/** Different images of a micro-step with one anchor per direction and 399 negatives. */
const imagesOfStep = 401;

/** Processor time and bytes of the images of one micro-step where features do not stay on the device. */
function copySteps(place: string, images: readonly Image[]) {
  using database = openImageDatabase(place, choice);
  const shown = images.map(({ name, regions }) => ({ id: name, split: "train", regions }));
  const set = {
    images: shown,
    featureDim: FEATURES,
    regions: {
      featureDim: FEATURES,
      read: (image: number) => database.read(shown[image]!.id),
      readHalves: (image: number) => database.readHalves!(shown[image]!.id),
      [Symbol.dispose]() {},
    },
  };
  const most = Math.min(imagesOfStep, images.length);
  using supply = imageSupply(set, [...shown.keys()], { regions: 100, most, budget: 0 });
  const times = Array.from({ length: 8 }, (_, step) => {
    const rows = Array.from({ length: most }, (_, k) => (step * most + k) % images.length);
    const before = process.cpuUsage();
    supply.tableOf(rows).free();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  }).sort((a, b) => a - b);
  const regions = images.slice(0, most).reduce((sum, each) => sum + each.regions, 0);
  console.log(
    `${most} images to the device: ${times[4]!.toFixed(0)} ms of processor time, ` +
      `${(regions * FEATURES * 2 / 1e6).toFixed(0)} MB`,
  );
}

function countsOf(place: string, images: readonly Image[]) {
  const counts = Object.fromEntries(images.map(({ name, regions }) => [name, regions]));
  Deno.writeTextFileSync(`${place}/nbb_${chosen}.json`, JSON.stringify(counts));
}

{
  const images = imagesOf(megabytes * 1e6);
  const place = `${folder.path}/lmdb`;
  writeLmdb(
    `${place}/feat_${chosen}`,
    images.values().map((image) => [image.name, msgpackNumpy(arraysOf(image))] as const),
  );
  countsOf(place, images);
  readTwice(place);
  await startCompute({ threads: navigator.hardwareConcurrency });
  copySteps(place, images);
  Deno.removeSync(place, { recursive: true });
}
const fewer = imagesOf(megabytes * 2.5e5);
{
  const place = `${folder.path}/compressed`;
  writeLmdb(
    `${place}/feat_${chosen}_compressed`,
    fewer.values().map((image) => [image.name, npz(arraysOf(image))] as const),
  );
  countsOf(place, fewer);
  readTwice(place);
  Deno.removeSync(place, { recursive: true });
}
{
  const place = `${folder.path}/npz`;
  Deno.mkdirSync(place);
  for (const image of fewer) Deno.writeFileSync(`${place}/${image.name}`, npz(arraysOf(image)));
  readTwice(place);
  Deno.removeSync(place, { recursive: true });
}
{
  const place = `${folder.path}/regions.tsv`;
  using file = Deno.openSync(place, { write: true, create: true });
  for (const image of fewer) {
    const { regions, start } = image;
    const base64 = (values: Float32Array) => new Uint8Array(values.buffer).toBase64();
    const boxes = floats([regions, 4], (index) => index % 4 < 2 ? 1 + index : 20 + index);
    const features = pool.subarray(start * FEATURES, (start + regions) * FEATURES);
    const columns = [
      ...[image.name.slice(0, -4), 640, 480, regions],
      base64(boxes.data as Float32Array),
      base64(Float32Array.from(features)),
    ];
    const line = new TextEncoder().encode(columns.join("\t") + "\n");
    for (let done = 0; done < line.length;) done += file.writeSync(line.subarray(done));
  }
  readTwice(place, { bytesEach: 4 });
}

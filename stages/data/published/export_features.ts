/**
 * Writes features in UNITER's published formats (docs/published_data.md), so that other code can read them:
 * `img_db/NAME` as LMDB with its counts or as one .npz per image, and `txt_db/itm_NAME_SPLIT.db` per split.
 * Images are named after their ids, with the extension `.npz`.
 *
 * The features have no confidences, so every region gets 1. Soft labels are written if the features have
 * classes of regions. Source: convert_imgdir.py and prepro.py of ChenRocks/UNITER.
 */
import { encode } from "@msgpack/msgpack";
import { compressFrameSync } from "lz4-napi";
import { Buffer } from "node:buffer";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { FeatureCaption, FeatureImage, FeatureSet } from "../feature_set.ts";
import { joinBytes } from "../formats/byte_source.ts";
import { longestLmdbKey, writeLmdb } from "../formats/lmdb_writer.ts";
import { npzBytes } from "../formats/npz.ts";
import type { NumpyArray } from "../formats/numpy_array.ts";
import type { RegionClasses } from "../region_classes.ts";

export interface PublishedOptions {
  /** Output folder. */
  readonly folder: string;
  /** NAME in the paths. */
  readonly dataset: string;
  /** lmdb: float16, as published; npz: float32. */
  readonly format: "lmdb" | "npz";
  readonly classes?: RegionClasses;
}

export function writePublished(features: FeatureSet, options: PublishedOptions): void {
  const names = imageNames(features.images);
  const images = `${options.folder}/img_db/${options.dataset}`;
  if (options.format === "npz") writeNpzFolder(images, features, { ...options, names });
  else writeImageDatabase(images, features, { ...options, names });
  for (const split of new Set(features.images.map(({ split }) => split))) {
    const folder = `${options.folder}/txt_db/itm_${options.dataset}_${split}.db`;
    writeTextDatabase(folder, features, { ...options, names, split });
  }
}

type Named = PublishedOptions & { readonly names: readonly string[] };

/** Exported name of each image. @throws {Complaint} for names that are not valid file names or not unique */
function imageNames(images: readonly FeatureImage[]): string[] {
  const seen = new Map<string, string>();
  return images.map(({ id }) => {
    const name = id.endsWith(".npz") ? id : `${id}.npz`;
    const other = seen.get(name);
    // The name is also a file name, and must not leave the folder.
    // deno-lint-ignore no-control-regex
    if (other !== undefined || /[/\\\x00-\x1f]/.test(name) || byteLength(name) > 255) {
      throw new Complaint(
        other === undefined
          ? `the image id ${JSON.stringify(id)} is not a valid file name`
          : `two images would be named \`${name}\`: \`${other}\` and \`${id}\``,
        "rename the picture, and extract the features again",
        { exitCode: 1 },
      );
    }
    seen.set(name, id);
    return name;
  });
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function writeNpzFolder(folder: string, features: FeatureSet, { names, classes }: Named): void {
  Deno.mkdirSync(folder, { recursive: true });
  features.images.forEach((image, place) => {
    const arrays = arraysOf(features, { image, place, type: "<f4", classes });
    Deno.writeFileSync(`${folder}/${names[place]}`, npzBytes(arrays));
  });
}

function writeImageDatabase(folder: string, features: FeatureSet, { names, classes }: Named): void {
  const choice = "th0.2_max100_min10"; // as published; readers use the counts in the JSON file
  const inOrder = [...byBytes([...names.keys()].map((place) => ({ key: names[place]!, place })))];
  const list = inOrder.map(({ key }) => key);
  const entries = byBytes([...inOrder, { key: "__keys__", place: -1 }]);
  writeLmdb(
    `${folder}/feat_${choice}`,
    entries.values().map(({ key, place }) => {
      if (place < 0) return [key, new TextEncoder().encode(JSON.stringify(list))] as const;
      const image = features.images[place]!;
      return [key, numpyMap(arraysOf(features, { image, place, type: "<f2", classes }))] as const;
    }),
  );
  const counts = features.images.map(({ regions }, place) => [names[place]!, regions] as const);
  writeOrdered(`${folder}/nbb_${choice}.json`, counts);
}

/** Sorted by the bytes of their keys, as LMDB requires. */
function byBytes<Item extends { readonly key: string }>(items: readonly Item[]): Item[] {
  return items.map((item) => ({ item, bytes: Buffer.from(item.key) }))
    .sort((one, other) => Buffer.compare(one.bytes, other.bytes)).map(({ item }) => item);
}

/** features [n, D], norm_bb [n, 6]: x1 y1 x2 y2 w h, conf [n], soft_labels [n, classes]. */
function arraysOf(
  { regions, featureDim }: FeatureSet,
  { image: { id, regions: count }, place, type, classes }: {
    readonly image: FeatureImage;
    readonly place: number;
    readonly type: "<f2" | "<f4";
    readonly classes: RegionClasses | undefined;
  },
): Map<string, NumpyArray> {
  const rows = regions.read(place);
  const boxes = Float32Array.from(
    { length: count * 6 },
    (_, k) => rows.boxes[Math.floor(k / 6) * 7 + k % 6]!,
  );
  const array = (values: Float32Array, shape: readonly number[]): NumpyArray => ({
    type,
    shape,
    data: floatBytes(values, { type, id }),
  });
  const arrays = new Map([
    ["features", array(rows.features, [count, featureDim])],
    ["norm_bb", array(boxes, [count, 6])],
    ["conf", array(new Float32Array(count).fill(1), [count])],
  ]);
  if (classes !== undefined) {
    const labels = new Float32Array(count * classes.count);
    for (let row = 0; row < count; row++) labels.set(classes.read(place, row), row * classes.count);
    arrays.set("soft_labels", array(labels, [count, classes.count]));
  }
  return arrays;
}

function floatBytes(
  values: Float32Array,
  { type, id }: { readonly type: "<f2" | "<f4"; readonly id: string },
): Uint8Array {
  if (type === "<f4") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const halves = Float16Array.from(values);
  const overflow = halves.findIndex((value) => !Number.isFinite(value));
  if (overflow >= 0) {
    throw new Complaint(
      `a number of image \`${id}\` is ${values[overflow]}, which float16 cannot represent`,
      "export with `--format npz`, which is float32",
      { exitCode: 1 },
    );
  }
  return new Uint8Array(halves.buffer);
}

/** A map in msgpack-numpy's form, in which the keys of an array's own map are binary. */
function numpyMap(arrays: ReadonlyMap<string, NumpyArray>): Uint8Array {
  const binary = (text: string) => encode(new TextEncoder().encode(text));
  return msgpackMap([...arrays].map(([name, { type, shape, data }]) => [
    encode(name),
    msgpackMap([
      [binary("nd"), encode(true)],
      [binary("type"), encode(type)],
      [binary("kind"), binary("")],
      [binary("shape"), encode(shape)],
      [binary("data"), encode(data)],
    ]),
  ]));
}

/** A map of fewer than 16 encoded keys and values. */
function msgpackMap(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  return joinBytes([Uint8Array.of(0x80 | entries.length), ...entries.flat()]);
}

function writeTextDatabase(
  folder: string,
  { images, captions, vocabulary }: FeatureSet,
  { names, dataset, split }: Named & { readonly split: string },
): void {
  const own = captions.filter((caption) => caption.split === split);
  const bad = own.find(({ id }) => id === "" || byteLength(id) > longestLmdbKey);
  if (bad !== undefined) {
    throw new Complaint(
      `the caption id ${JSON.stringify(bad.id.slice(0, 40))} has ${byteLength(bad.id)} bytes`,
      `use ids of 1 to ${longestLmdbKey} bytes, the limit of LMDB's keys`,
      { exitCode: 1 },
    );
  }
  const value = ({ id, image, text, tokens }: FeatureCaption) =>
    new Uint8Array(compressFrameSync(Buffer.from(encode({
      id,
      dataset,
      split,
      sentence: text,
      img_fname: names[image]!,
      input_ids: [...tokens],
    }))));
  const entries = byBytes(own.map((caption) => ({ key: caption.id, caption })));
  writeLmdb(folder, entries.values().map(({ key, caption }) => [key, value(caption)] as const));
  writeOrdered(`${folder}/id2len.json`, own.map(({ id, tokens }) => [id, tokens.length]));
  writeOrdered(`${folder}/txt2img.json`, own.map(({ id, image }) => [id, names[image]!]));
  const texts = Map.groupBy(own, ({ image }) => image);
  const there = [...images.keys()].filter((image) => images[image]!.split === split);
  writeOrdered(
    `${folder}/img2txts.json`,
    there.map((image) => [names[image]!, (texts.get(image) ?? []).map(({ id }) => id)]),
  );
  const { size, cls, sep, mask, unk, pad } = vocabulary;
  writeOrdered(`${folder}/meta.json`, [
    ["dataset", dataset],
    ["split", split],
    ["CLS", cls],
    ["SEP", sep],
    ["MASK", mask],
    ["UNK", unk],
    // Range of words that may replace masked ones.
    ["v_range", [Math.max(cls, sep, mask, unk, pad) + 1, size]],
  ]);
}

/** Writes a JSON object in this key order; JavaScript objects would reorder ids like `12`. */
function writeOrdered(file: string, entries: readonly (readonly [string, unknown])[]): void {
  const lines = entries.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  Deno.writeTextFileSync(file, `{${lines.join(", ")}}`);
}

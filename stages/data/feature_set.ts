/**
 * Reads a features artifact: the images and captions for training and evaluation. The result is
 * consistent: every row, token and reference is within bounds, every number is finite.
 */
import * as v from "valibot";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { hasWord } from "./caption_words.ts";
import { natural, readLines } from "./formats/json_lines.ts";
import { regionDatabases, type RegionSource, regionTables } from "./region_source.ts";
import { readSafetensors } from "./formats/safetensors.ts";

export interface FeatureSet extends Disposable {
  readonly images: readonly FeatureImage[];
  readonly captions: readonly FeatureCaption[];
  /** The regions of each image. */
  readonly regions: RegionSource;
  readonly featureDim: number;
  readonly vocabulary: Vocabulary;
  readonly pairs: readonly SwappedPair[];
}

export interface FeatureImage {
  readonly id: string;
  readonly split: string;
  /** Number of regions, at least one. */
  readonly regions: number;
  /** Pictures with the same family show the same objects, arranged otherwise. */
  readonly family?: string | undefined;
  /** Families with the same kin show the same shapes in exchanged colours. */
  readonly kin?: string | undefined;
}

export interface FeatureCaption {
  readonly id: string;
  /** Index of its image in `FeatureSet.images`. */
  readonly image: number;
  /**
   * Other images that the caption is true of, where that is known: indices into `FeatureSet.images`. In
   * a training split, those of its image's family and of the family's kin alone.
   */
  readonly alsoTrueOf?: readonly number[] | undefined;
  readonly split: string;
  readonly text: string;
  /** Ids of word pieces, without [CLS] and [SEP]. */
  readonly tokens: readonly number[];
}

/** The split or splits to train on. */
export type TrainingSplits = string | readonly string[];

/** Size of the vocabulary, and ids of the special tokens. */
export interface Vocabulary {
  readonly size: number;
  readonly pad: number;
  readonly unk: number;
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
}

/**
 * Two images and two captions that differ in one detail: caption k is correct only for image k, as in Winoground.
 * Images and captions are indices into `FeatureSet.images` and `FeatureSet.captions`.
 */
export interface SwappedPair {
  readonly id: string;
  readonly kind: string;
  readonly image0: number;
  readonly image1: number;
  readonly caption0: number;
  readonly caption1: number;
}

const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const imageSchema = v.object({
  id: v.string(),
  split: v.string(),
  offset: v.optional(natural),
  database: v.optional(natural),
  entry: v.optional(v.string()),
  regions: positive,
  family: v.optional(v.string()),
  kin: v.optional(v.string()),
});
type ImageLine = v.InferOutput<typeof imageSchema>;
const captionSchema = v.looseObject({
  id: v.string(),
  image: v.string(),
  split: v.string(),
  text: v.string(),
  tokens: v.array(natural),
  also_true_of: v.optional(v.array(v.string())),
});
const pairSchema = v.object({
  id: v.string(),
  kind: v.string(),
  image_0: v.string(),
  image_1: v.string(),
  caption_0: v.string(),
  caption_1: v.string(),
});
const vocabularySchema = v.object({
  size: positive,
  pad: natural,
  unk: natural,
  cls: natural,
  sep: natural,
  mask: natural,
});

/** A features artifact, and the databases that it refers to. */
export interface FeaturesPlace {
  readonly folder: string;
  /** Role -> absolute path of published databases. */
  readonly files?: Readonly<Record<string, string>>;
}

/** @throws {Complaint} with the file that is missing, damaged or inconsistent with the others */
export async function openFeatures({ folder, files = {} }: FeaturesPlace): Promise<FeatureSet> {
  const images = await readLines(`${folder}/images.jsonl`, imageSchema);
  const published = await Deno.stat(`${folder}/databases.jsonl`).then(() => true, () => false);
  const regions = published
    ? await regionDatabases({ folder, files }, images)
    : await storedRegions(folder, images);
  const [vocabulary] = await readLines(`${folder}/vocabulary.json`, vocabularySchema);
  if (vocabulary === undefined) throw inconsistent(folder, "vocabulary.json", "it is empty");
  for (const [word, id] of Object.entries(vocabulary)) {
    if (word !== "size" && id >= vocabulary.size) {
      throw inconsistent(
        folder,
        "vocabulary.json",
        `\`${word}\` is ${id}, but the vocabulary has ${vocabulary.size} tokens`,
      );
    }
  }
  const imagePlace = placesOf(folder, "images.jsonl", images);
  const lines = await readLines(`${folder}/captions.jsonl`, captionSchema);
  const captionPlace = placesOf(folder, "captions.jsonl", lines);
  const captions = lines.map((caption) => {
    if (!hasWord(caption)) {
      throw inconsistent(folder, "captions.jsonl", `\`${caption.id}\` has no word`);
    }
    const outside = caption.tokens.find((token) => token >= vocabulary.size);
    if (outside !== undefined) {
      const what =
        `\`${caption.id}\` has token ${outside}, but the vocabulary has ${vocabulary.size} tokens`;
      throw inconsistent(folder, "captions.jsonl", what);
    }
    const image = imagePlace(caption.image, "captions.jsonl", caption.id);
    if (images[image]!.split !== caption.split) {
      const what = `\`${caption.id}\` is in split ${caption.split}, its image in ${
        images[image]!.split
      }`;
      throw inconsistent(folder, "captions.jsonl", what);
    }
    const alsoTrueOf = caption.also_true_of?.map((id) =>
      imagePlace(id, "captions.jsonl", caption.id)
    );
    return { ...caption, image, alsoTrueOf };
  });
  const pairs = (await readLines(`${folder}/pairs.jsonl`, pairSchema)).map((pair) => ({
    id: pair.id,
    kind: pair.kind,
    image0: imagePlace(pair.image_0, "pairs.jsonl", pair.id),
    image1: imagePlace(pair.image_1, "pairs.jsonl", pair.id),
    caption0: captionPlace(pair.caption_0, "pairs.jsonl", pair.id),
    caption1: captionPlace(pair.caption_1, "pairs.jsonl", pair.id),
  }));
  for (const { id, image0, image1, caption0, caption1 } of pairs) {
    const parts = [images[image0], images[image1], captions[caption0], captions[caption1]];
    const splits = new Set(parts.map((part) => part!.split));
    if (splits.size > 1) {
      throw inconsistent(
        folder,
        "pairs.jsonl",
        `\`${id}\` is in splits ${[...splits].join(" and ")}`,
      );
    }
  }
  return {
    images,
    captions,
    regions,
    featureDim: regions.featureDim,
    vocabulary,
    pairs,
    [Symbol.dispose]: () => regions[Symbol.dispose](),
  };
}

/** Reads the tables of features and boxes, in which the rows of the images follow one another without gaps. */
async function storedRegions(folder: string, images: readonly ImageLine[]): Promise<RegionSource> {
  const tensors = await readSafetensors(`${folder}/regions.safetensors`);
  let rows = 0;
  for (const { id, offset, regions } of images) {
    if (offset !== rows) {
      const what = `\`${id}\` starts at row ${offset}, the previous image ends at ${rows}`;
      throw inconsistent(folder, "images.jsonl", what);
    }
    rows += regions;
  }
  const table = (name: string, wide?: number) => {
    const tensor = tensors.get(name);
    const { data, shape } = tensor ?? { data: undefined, shape: [] };
    const width = shape[1] ?? 0;
    const fits = shape.length === 2 && shape[0] === rows && width === (wide ?? width) && width > 0;
    if (!(data instanceof Float32Array) || !fits) {
      const found = tensor === undefined ? "is missing" : `is ${tensor.dtype} [${shape}]`;
      const expected = `expected F32 [${rows}, ${wide ?? "width"}]: one row per region`;
      throw inconsistent(folder, "regions.safetensors", `\`${name}\` ${found}, ${expected}`);
    }
    const notFinite = data.findIndex((value) => !Number.isFinite(value));
    if (notFinite >= 0) {
      const row = Math.floor(notFinite / width);
      const what = `\`${name}\` has ${data[notFinite]} in row ${row}`;
      throw inconsistent(folder, "regions.safetensors", what);
    }
    return { data, width };
  };
  const features = table("features");
  return regionTables({
    features: features.data,
    featureDim: features.width,
    boxes: table("boxes", 7).data,
  }, images);
}

/** Returns a lookup of the index of an id. @throws {Complaint} for duplicate ids */
function placesOf(folder: string, file: string, lines: readonly { readonly id: string }[]) {
  const places = new Map<string, number>();
  lines.forEach(({ id }, place) => {
    if (places.has(id)) throw inconsistent(folder, file, `duplicate id \`${id}\``);
    places.set(id, place);
  });
  return (id: string, from: string, by: string): number => {
    const place = places.get(id);
    if (place === undefined) {
      throw inconsistent(
        folder,
        from,
        `\`${by}\` refers to \`${id}\`, which is missing from ${file}`,
      );
    }
    return place;
  };
}

function inconsistent(folder: string, file: string, what: string): Complaint {
  return new Complaint(
    `the features are inconsistent: ${what}`,
    "extract the features again, or use another features artifact",
    { place: { file: `${folder}/${file}` }, exitCode: 1 },
  );
}

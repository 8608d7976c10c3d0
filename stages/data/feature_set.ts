/**
 * Reads a features artifact: what training and evaluation know of images and captions. What is read
 * fits together: every row, token and reference is within bounds, every number finite.
 */
import * as v from "valibot";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { readLines } from "./formats/json_lines.ts";
import { regionDatabases, type RegionSource, regionTables } from "./region_source.ts";
import { readSafetensors } from "./formats/safetensors.ts";

export interface FeatureSet extends Disposable {
  readonly images: readonly FeatureImage[];
  readonly captions: readonly FeatureCaption[];
  /** Their regions, image by image. */
  readonly regions: RegionSource;
  readonly featureDim: number;
  readonly vocabulary: Vocabulary;
  readonly pairs: readonly SwappedPair[];
}

export interface FeatureImage {
  readonly id: string;
  readonly split: string;
  /** How many rows it has, one at least. */
  readonly regions: number;
}

export interface FeatureCaption {
  readonly id: string;
  /** Place of its image in `images`. */
  readonly image: number;
  readonly split: string;
  readonly text: string;
  /** Ids of its word pieces, without [CLS] and [SEP]. */
  readonly tokens: readonly number[];
}

/** Its size, and the ids of the special words. */
export interface Vocabulary {
  readonly size: number;
  readonly pad: number;
  readonly unk: number;
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
}

/** Two pictures and two captions that differ in little; caption k is right for image k alone. Places in `images` and `captions`. */
export interface SwappedPair {
  readonly id: string;
  readonly kind: string;
  readonly image0: number;
  readonly image1: number;
  readonly caption0: number;
  readonly caption1: number;
}

const natural = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const imageSchema = v.object({
  id: v.string(),
  split: v.string(),
  offset: v.optional(natural),
  database: v.optional(natural),
  regions: positive,
});
type ImageLine = v.InferOutput<typeof imageSchema>;
const captionSchema = v.looseObject({
  id: v.string(),
  image: v.string(),
  split: v.string(),
  text: v.string(),
  tokens: v.array(natural),
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

/** A features artifact, and where what it refers to lies. */
export interface FeaturesPlace {
  readonly folder: string;
  /** Role -> absolute path of published databases. */
  readonly files?: Readonly<Record<string, string>>;
}

/** @throws {Complaint} with the file that is missing, broken or does not fit the others */
export async function openFeatures({ folder, files = {} }: FeaturesPlace): Promise<FeatureSet> {
  const images = await readLines(`${folder}/images.jsonl`, imageSchema);
  const published = await Deno.stat(`${folder}/databases.jsonl`).then(() => true, () => false);
  const regions = published
    ? await regionDatabases({ folder, files }, images)
    : await storedRegions(folder, images);
  const [vocabulary] = await readLines(`${folder}/vocabulary.json`, vocabularySchema);
  if (vocabulary === undefined) throw misfit(folder, "vocabulary.json", "it is empty");
  for (const [word, id] of Object.entries(vocabulary)) {
    if (word !== "size" && id >= vocabulary.size) {
      throw misfit(folder, "vocabulary.json", `\`${word}\` is ${id} of ${vocabulary.size} words`);
    }
  }
  const imagePlace = placesOf(folder, "images.jsonl", images);
  const lines = await readLines(`${folder}/captions.jsonl`, captionSchema);
  const captionPlace = placesOf(folder, "captions.jsonl", lines);
  const captions = lines.map((caption) => {
    const wild = caption.tokens.find((token) => token >= vocabulary.size);
    if (wild !== undefined) {
      const what = `\`${caption.id}\` has token ${wild} of ${vocabulary.size} words`;
      throw misfit(folder, "captions.jsonl", what);
    }
    const image = imagePlace(caption.image, "captions.jsonl", caption.id);
    if (images[image]!.split !== caption.split) {
      const what = `\`${caption.id}\` is in split ${caption.split}, its image in ${
        images[image]!.split
      }`;
      throw misfit(folder, "captions.jsonl", what);
    }
    return { ...caption, image };
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
    const splits = new Set([images[pairs[0]!.image0], ...parts].map((part) => part!.split));
    if (splits.size > 1) {
      throw misfit(folder, "pairs.jsonl", `\`${id}\` lies in splits ${[...splits].join(" and ")}`);
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

/** The two tables of rows, which the images share among them without gap or overlap, in order. */
async function storedRegions(folder: string, images: readonly ImageLine[]): Promise<RegionSource> {
  const tensors = await readSafetensors(`${folder}/regions.safetensors`);
  let rows = 0;
  for (const { id, offset, regions } of images) {
    if (offset !== rows) {
      const what = `\`${id}\` starts at row ${offset}, the one before ends at ${rows}`;
      throw misfit(folder, "images.jsonl", what);
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
      const expected = `expected F32 [${rows} rows of all images, ${wide ?? "width"}]`;
      throw misfit(folder, "regions.safetensors", `\`${name}\` ${found}, ${expected}`);
    }
    const wild = data.findIndex((value) => !Number.isFinite(value));
    if (wild >= 0) {
      const what = `\`${name}\` has ${data[wild]} in row ${Math.floor(wild / width)}`;
      throw misfit(folder, "regions.safetensors", what);
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

/** Finds an id's place; every id stands once. */
function placesOf(folder: string, file: string, lines: readonly { readonly id: string }[]) {
  const places = new Map<string, number>();
  lines.forEach(({ id }, place) => {
    if (places.has(id)) throw misfit(folder, file, `\`${id}\` stands in it twice`);
    places.set(id, place);
  });
  return (id: string, from: string, by: string): number => {
    const place = places.get(id);
    if (place === undefined) {
      throw misfit(folder, from, `\`${by}\` refers to \`${id}\`, which is not in ${file}`);
    }
    return place;
  };
}

function misfit(folder: string, file: string, what: string): Complaint {
  return new Complaint(
    `features do not fit together: ${what}`,
    "extract the features again, or name another features artifact",
    { place: { file: `${folder}/${file}` }, exitCode: 1 },
  );
}

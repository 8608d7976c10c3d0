/** Which captions and images belong to a split, and which caption belongs to which image. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { FeatureSet, TrainingSplits } from "../data/feature_set.ts";

/** Rows are those of the split's tables (`row_tables.ts`). */
export interface SplitIndex {
  /** Row of a text -> index into `FeatureSet.captions`. */
  readonly captions: readonly number[];
  /** Row of an image -> index into `FeatureSet.images`. */
  readonly images: readonly number[];
  /** Row of a text -> row of its image. */
  readonly imageOfText: readonly number[];
  /** Row of an image -> rows of its captions. */
  readonly textsOfImage: readonly (readonly number[])[];
  /** Row of an image -> rows of its family, itself included; undefined where images have no families. */
  readonly familyOfImage?: readonly (readonly number[])[] | undefined;
  /** The same for the kin of its family; undefined where families have none. */
  readonly kinOfImage?: readonly (readonly number[])[] | undefined;
  /** Row of a text -> rows of other images that it is known to be true of; undefined where there are none. */
  readonly alsoTrueOf?: readonly (readonly number[])[] | undefined;
  /** The same by image: row of an image -> rows of texts of other images that are known to be true of it. */
  readonly alsoTrueTexts?: readonly (readonly number[])[] | undefined;
}

/**
 * @param split one split, or several; rows are in the order of the features
 * @throws {Complaint} for a split without images or captions
 */
export function indexSplit(set: FeatureSet, split: TrainingSplits): SplitIndex {
  const splits = new Set([split].flat());
  for (const name of splits) requireSplit(set, name);
  const rows = (items: readonly { split: string }[]) =>
    items.flatMap((item, place) => splits.has(item.split) ? [place] : []);
  const captions = rows(set.captions);
  const images = rows(set.images);
  const rowOfImage = new Map(images.map((image, row) => [image, row]));
  const imageOfText = captions.map((caption) => rowOfImage.get(set.captions[caption]!.image)!);
  const textsOfImage: number[][] = images.map(() => []);
  imageOfText.forEach((image, text) => textsOfImage[image]!.push(text));
  const others = captions.map((caption, text) => {
    const { alsoTrueOf = [] } = set.captions[caption]!;
    const rows = new Set(alsoTrueOf.flatMap((image) => rowOfImage.get(image) ?? []));
    return [...rows].filter((row) => row !== imageOfText[text]);
  });
  return {
    captions,
    images,
    imageOfText,
    textsOfImage,
    familyOfImage: groupsOf(images.map((image) => set.images[image]!.family)),
    kinOfImage: groupsOf(images.map((image) => set.images[image]!.kin)),
    ...(others.some(({ length }) => length > 0) && knownTruth(others, images.length)),
  };
}

function knownTruth(alsoTrueOf: readonly (readonly number[])[], images: number) {
  const alsoTrueTexts: number[][] = Array.from({ length: images }, () => []);
  alsoTrueOf.forEach((own, text) => own.forEach((image) => alsoTrueTexts[image]!.push(text)));
  return { alsoTrueOf, alsoTrueTexts };
}

/** Each row's group: the rows with the same name, itself included; undefined if a row has no name. */
function groupsOf(names: readonly (string | undefined)[]): number[][] | undefined {
  if (names.includes(undefined)) return undefined;
  const rows = Map.groupBy(names.keys(), (row) => names[row]);
  return names.map((name) => rows.get(name)!);
}

/** @throws {Complaint} for images without families, which the parameter needs */
export function requireFamilies({ familyOfImage }: SplitIndex, parameter: string): void {
  if (familyOfImage !== undefined) return;
  throw new Complaint(
    `\`${parameter}\` needs images in families, and those of the features have none`,
    `remove \`${parameter}\`, or set \`families\` of make_scenes`,
    { exitCode: 1 },
  );
}

/** Whether a text is true of an image, as far as is known; both are rows. */
export function isTrueOf(
  { imageOfText, alsoTrueOf }: Pick<SplitIndex, "imageOfText" | "alsoTrueOf">,
  text: number,
  image: number,
): boolean {
  return imageOfText[text] === image || (alsoTrueOf?.[text]?.includes(image) ?? false);
}

interface SplitItems {
  readonly images: readonly { readonly split: string }[];
  readonly captions: readonly { readonly split: string }[];
}

/**
 * @param owner what has the splits, for the message
 * @throws {Complaint} for a split without images or captions
 */
export function requireSplit(
  { images, captions }: SplitItems,
  split: string,
  owner: "features" | "scenes" = "features",
): void {
  const count = (items: readonly { split: string }[]) =>
    items.reduce((sum, item) => sum + (item.split === split ? 1 : 0), 0);
  const [imageCount, captionCount] = [count(images), count(captions)];
  if (imageCount > 0 && captionCount > 0) return;
  const splits = [...new Set(images.map((image) => image.split))].join(", ");
  throw new Complaint(
    `split \`${split}\` has ${imageCount} images and ${captionCount} captions`,
    `name one of the splits of the ${owner}: ${splits}`,
    { exitCode: 1 },
  );
}

/**
 * What a training sees of a feature set.
 * @param count `train_images`: so many images, the first of the splits in the order of the features; undefined: all
 * @throws {Complaint} if there are fewer images, or a family or its kin would be divided
 */
export function trainingIndex(
  set: FeatureSet,
  { train, train_images: count }: {
    readonly train: TrainingSplits;
    readonly train_images?: number | undefined;
  },
): SplitIndex {
  const index = indexSplit(set, train);
  if (count === undefined) return index;
  const { images } = index;
  if (count > images.length) {
    throw new Complaint(
      `\`train_images: ${count}\` is more than the ${images.length} images to train on`,
      `use at most ${images.length}, or remove \`train_images\``,
      { exitCode: 1 },
    );
  }
  const groups = index.kinOfImage ?? index.familyOfImage ?? [];
  const divides = (most: number) =>
    groups.slice(0, most).find((rows) => rows.some((row) => row >= most));
  const divided = divides(count);
  if (divided !== undefined) {
    const fitting = [-1, 1].flatMap((step) => {
      let near = count + step;
      while (near > 0 && divides(near) !== undefined) near += step;
      return near > 0 ? [near] : [];
    });
    const what = index.kinOfImage === undefined ? "a family" : "a family and its kin";
    throw new Complaint(
      `\`train_images: ${count}\` divides ${what}, ${divided.length} images`,
      `use ${fitting.join(" or ")}`,
      { exitCode: 1 },
    );
  }
  return firstImages(index, count);
}

/** The first `count` images of a split with their captions. */
export function firstImages(index: SplitIndex, count: number): SplitIndex {
  if (count >= index.images.length) return index;
  const kept = index.imageOfText.flatMap((image, text) => image < count ? [text] : []);
  const rowOfText = new Map(kept.map((text, row) => [text, row]));
  return {
    captions: kept.map((text) => index.captions[text]!),
    images: index.images.slice(0, count),
    imageOfText: kept.map((text) => index.imageOfText[text]!),
    textsOfImage: index.textsOfImage.slice(0, count)
      .map((texts) => texts.map((text) => rowOfText.get(text)!)),
    familyOfImage: index.familyOfImage?.slice(0, count)
      .map((rows) => rows.filter((image) => image < count)),
    kinOfImage: index.kinOfImage?.slice(0, count)
      .map((rows) => rows.filter((image) => image < count)),
    ...(index.alsoTrueOf && knownTruth(
      kept.map((text) => index.alsoTrueOf![text]!.filter((image) => image < count)),
      count,
    )),
  };
}

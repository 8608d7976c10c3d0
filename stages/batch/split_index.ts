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
  return { captions, images, imageOfText, textsOfImage };
}

function requireSplit({ images, captions }: FeatureSet, split: string): void {
  const count = (items: readonly { split: string }[]) =>
    items.reduce((sum, item) => sum + (item.split === split ? 1 : 0), 0);
  const [imageCount, captionCount] = [count(images), count(captions)];
  if (imageCount > 0 && captionCount > 0) return;
  const splits = [...new Set(images.map((image) => image.split))].join(", ");
  throw new Complaint(
    `split \`${split}\` has ${imageCount} images and ${captionCount} captions`,
    `name one of the splits of the features: ${splits}`,
    { exitCode: 1 },
  );
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
  };
}

/** Which texts and images are the pairs of a batch, by row of the tables. */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import { requiredRows } from "../../batch/required_rows.ts";
import { inEpochs } from "../../batch/sampling.ts";
import { isTrueOf, type SplitIndex } from "../../batch/split_index.ts";
import type { BatchArray, BatchSource } from "./task.ts";

export interface PairRows {
  readonly text: number;
  readonly image: number;
}

/** int32 [pair], rows of the tables. */
export type RowBatch = { readonly texts: BatchArray; readonly images: BatchArray };

/** Each text with its own image. Every text comes once in an epoch. */
export function textsInEpochs({ index, random, pairs }: BatchSource, step: number): PairRows[] {
  return Array.from({ length: pairs }, (_, pair) => {
    const text = inEpochs(random.fork("texts"), step * pairs + pair, index.captions.length);
    return { text, image: index.imageOfText[text]! };
  });
}

/**
 * Each image with one of its texts. Every image comes once in an epoch, with another of its texts in
 * the next, so that a batch has few texts of one image.
 */
export function imagesInEpochs(
  { index: { textsOfImage }, random }: BatchSource,
  step: number,
  { pairs }: { readonly pairs: number },
): PairRows[] {
  // An image without captions has nothing to contrast with.
  const described = textsOfImage.flatMap((texts, image) => texts.length > 0 ? [image] : []);
  return Array.from({ length: pairs }, (_, pair) => {
    const place = step * pairs + pair;
    const image = described[inEpochs(random.fork("pictures"), place, described.length)]!;
    const texts = textsOfImage[image]!;
    const epoch = Math.floor(place / described.length);
    return { text: texts[(epoch + image) % texts.length]!, image };
  });
}

/**
 * Images of whole families, each with one of its texts; families that are kin come together. Those of
 * equal size come in epochs; the last one of a batch is cut off where `pairs` is not a multiple of its
 * size.
 */
export function familiesInEpochs(
  { index: { textsOfImage, familyOfImage, kinOfImage = familyOfImage }, random }: BatchSource,
  step: number,
  { pairs }: { readonly pairs: number },
): PairRows[] {
  const families = kinOfImage!.filter(([first], image) => image === first)
    .map((images) => images.filter((image) => textsOfImage[image]!.length > 0))
    .filter(({ length }) => length > 0);
  const perBatch = Math.ceil(pairs / Math.max(...families.map(({ length }) => length)));
  const images: number[] = [];
  for (let i = 0; images.length < pairs; i++) {
    const place = inEpochs(random.fork("families"), step * perBatch + i, families.length);
    images.push(...families[place]!);
  }
  const draw = random.fork("family texts").fork(step);
  return images.slice(0, pairs).map((image, pair) => {
    const texts = textsOfImage[image]!;
    return { text: texts[draw.fork(pair).integer(0, texts.length)]!, image };
  });
}

/** Random numbers of one step's pairs; each pair has a fork of its own. */
export function drawOf({ random }: BatchSource, step: number): RandomStream {
  return random.fork("pairs").fork(step);
}

/** The same text with another image of the family that it is not true of; undefined if there is none. */
export function mismatchedInFamily(
  { text, image }: PairRows,
  index: SplitIndex,
  random: RandomStream,
): PairRows | undefined {
  const wrong = index.familyOfImage![image]!.filter((other) => !isTrueOf(index, text, other));
  if (wrong.length === 0) return undefined;
  return { text, image: wrong[random.fork("relative").integer(0, wrong.length)]! };
}

/** The same text with another image; there are at least two. */
export function mismatched(
  { text, image }: PairRows,
  { images }: SplitIndex,
  random: RandomStream,
): PairRows {
  const other = random.fork("image").integer(0, images.length - 1);
  return { text, image: other + (other >= image ? 1 : 0) };
}

/** 1 where a text is known to be true of the image, else 0. */
export function matchLabels(pairs: readonly PairRows[], index: SplitIndex): BatchArray {
  return int32(pairs.map(({ text, image }) => isTrueOf(index, text, image) ? 1 : 0));
}

export function rowBatch(
  pairs: readonly PairRows[],
  { captions, images }: Pick<SplitIndex, "captions" | "images">,
): RowBatch {
  return {
    texts: rowsOf(pairs.map(({ text }) => text), { count: captions.length, what: "texts" }),
    images: rowsOf(pairs.map(({ image }) => image), { count: images.length, what: "images" }),
  };
}

/** Rows of a table, which must have them. */
export function rowsOf(
  rows: readonly number[] | Int32Array,
  table: { readonly count: number; readonly what: string },
): BatchArray {
  return int32(requiredRows(rows, table));
}

export function int32(values: ArrayLike<number>): BatchArray {
  return { shape: [values.length], values: Int32Array.from(values) };
}

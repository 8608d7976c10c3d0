/**
 * The batch of a pretraining step that is about one task alone. Everything follows from (seed, step).
 */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import type { FeatureSet } from "../../data/feature_set.ts";
import type { RegionClasses } from "../../data/region_classes.ts";
import { maskedCount, maskedRegions, maskWords } from "../../batch/masking.ts";
import type { SplitIndex } from "../../batch/split_index.ts";
import type { RowSizes } from "../../batch/row_tables.ts";
import type { Cosine } from "../../batch/sampling.ts";
import type { PretrainingTask } from "./pretraining_tasks.ts";
import { inEpochs } from "../../batch/sampling.ts";

/** Tensors on the host, by name. */
export type HostBatch = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly values: Int32Array | Float32Array }>
>;

export type TaskAlone = Exclude<PretrainingTask, "joint">;

export interface TaskSizes extends RowSizes {
  /** Even. */
  readonly pairs: number;
  readonly maskRate: number;
  /** For `pair_ranking`: a text meets the likeliest of so many wrong pictures. */
  readonly pool?: { readonly size: number; readonly cosine: Cosine } | undefined;
  /** For `masked_region_classes`. */
  readonly classes?: RegionClasses | undefined;
}

/**
 * Always `texts` and `images`, int32 [pair], rows of the tables. Then by task:
 *
 *     masked_words    tokens [pair, word]; maskedPlaces, maskedWords, maskedThere [masked]
 *     masked_region_  maskedRegions float32 [pair, region]; regionRows, places in the flattened
 *                     [pair * region], and regionThere [masked]; regionClasses float32 [masked, class]
 *     matching, word_region_transport    matched [pair]: every second pair belongs together
 *
 * Texts come in epochs; for `branch_contrast` pictures do, each with another of its captions in the
 * next epoch, so that a batch has few captions of one picture.
 */
export function taskBatch(
  task: TaskAlone,
  set: FeatureSet,
  index: SplitIndex,
  random: RandomStream,
  step: number,
  sizes: TaskSizes,
): HostBatch {
  const pairs = rowsOf(task, index, random, step, sizes);
  const draw = random.fork("pairs").fork(step);
  switch (task) {
    case "masked_words":
      return { ...batchOf(pairs), ...withMaskedWords(pairs, set, index, draw, sizes) };
    case "masked_region_features":
    case "masked_region_classes":
      return { ...batchOf(pairs), ...withMaskedRegions(task, pairs, set, index, draw, sizes) };
    case "matching":
    case "word_region_transport":
      return withWrongPictures(pairs, index, draw);
    case "word_region_contrast":
    case "branch_contrast":
    case "pair_ranking":
      return batchOf(pairs);
    default:
      return task satisfies never;
  }
}

/** Of a batch of so many pairs, texts of which each meets each picture. */
export const gridSide = (pairs: number) => Math.floor(Math.sqrt(pairs));

function rowsOf(
  task: TaskAlone,
  index: SplitIndex,
  random: RandomStream,
  step: number,
  sizes: TaskSizes,
): Pair[] {
  switch (task) {
    case "branch_contrast":
      return picturesInEpochs(index, random, step, sizes);
    case "pair_ranking":
      return rankedPictures(index, random, step, sizes);
    default:
      return textsInEpochs(index, random, step, sizes);
  }
}

/**
 * Pictures in epochs, or where there is a pool, a picture in epochs and those that the branches take
 * for it most easily.
 */
function rankedPictures(
  index: SplitIndex,
  random: RandomStream,
  step: number,
  { pairs, pool }: TaskSizes,
): Pair[] {
  const side = gridSide(pairs);
  if (pool === undefined) return picturesInEpochs(index, random, step, { pairs: side });
  const [first, ...others] = picturesInEpochs(index, random, step, { pairs: 1 + pool.size });
  const likeliest = others
    .filter(({ image }) => image !== first!.image)
    .map((pair) => ({ pair, cosine: pool.cosine(first!.text, pair.image) }))
    .sort((a, b) => b.cosine - a.cosine);
  return [first!, ...likeliest.slice(0, side - 1).map(({ pair }) => pair)];
}

interface Pair {
  readonly text: number;
  readonly image: number;
}

function textsInEpochs(
  index: SplitIndex,
  random: RandomStream,
  step: number,
  { pairs }: TaskSizes,
): Pair[] {
  return Array.from({ length: pairs }, (_, pair) => {
    const text = inEpochs(random.fork("texts"), step * pairs + pair, index.captions.length);
    return { text, image: index.imageOfText[text]! };
  });
}

function picturesInEpochs(
  { textsOfImage }: SplitIndex,
  random: RandomStream,
  step: number,
  { pairs }: Pick<TaskSizes, "pairs">,
): Pair[] {
  // A picture without captions has nothing to contrast with.
  const described = textsOfImage.flatMap((texts, image) => texts.length > 0 ? [image] : []);
  return Array.from({ length: pairs }, (_, pair) => {
    const place = step * pairs + pair;
    const image = described[inEpochs(random.fork("pictures"), place, described.length)]!;
    const texts = textsOfImage[image]!;
    const epoch = Math.floor(place / described.length);
    return { text: texts[(epoch + image) % texts.length]!, image };
  });
}

function batchOf(pairs: readonly Pair[]): HostBatch {
  return {
    texts: ints(pairs.map(({ text }) => text)),
    images: ints(pairs.map(({ image }) => image)),
  };
}

function withWrongPictures(
  pairs: readonly Pair[],
  index: SplitIndex,
  draw: RandomStream,
): HostBatch {
  const shown = pairs.map(({ text, image }, pair) => {
    if (pair % 2 === 0) return { text, image };
    const others = Math.max(1, index.images.length - 1);
    const other = draw.fork(pair).fork("image").integer(0, others);
    return { text, image: (other + (other >= image ? 1 : 0)) % index.images.length };
  });
  const matched = shown.map(({ text, image }) => index.imageOfText[text] === image ? 1 : 0);
  return { ...batchOf(shown), matched: ints(matched) };
}

function withMaskedWords(
  pairs: readonly Pair[],
  set: FeatureSet,
  index: SplitIndex,
  draw: RandomStream,
  { words, maskRate }: TaskSizes,
): HostBatch {
  const { cls, sep } = set.vocabulary;
  const masked = Math.ceil(pairs.length * words * maskRate);
  const batch = {
    tokens: new Int32Array(pairs.length * words),
    maskedPlaces: new Int32Array(masked),
    maskedWords: new Int32Array(masked),
    maskedThere: new Int32Array(masked),
  };
  let slot = 0;
  pairs.forEach(({ text }, pair) => {
    const { tokens } = set.captions[index.captions[text]!]!;
    batch.tokens.set([cls, ...tokens, sep], pair * words);
    const options = { vocabulary: set.vocabulary, maskRate, first: pair * words + 1, slot };
    slot = maskWords(batch, tokens, draw.fork(pair).fork("mask"), options);
  });
  return {
    tokens: { shape: [pairs.length, words], values: batch.tokens },
    maskedPlaces: ints(batch.maskedPlaces),
    maskedWords: ints(batch.maskedWords),
    maskedThere: ints(batch.maskedThere),
  };
}

function withMaskedRegions(
  task: "masked_region_features" | "masked_region_classes",
  pairs: readonly Pair[],
  set: FeatureSet,
  index: SplitIndex,
  draw: RandomStream,
  { regions, maskRate, classes }: TaskSizes,
): HostBatch {
  const each = maskedCount(regions, maskRate);
  const masked = new Float32Array(pairs.length * regions);
  const rows = new Int32Array(pairs.length * each);
  const there = new Int32Array(rows.length);
  const count = classes?.count ?? 0;
  const actual = new Float32Array(task === "masked_region_classes" ? rows.length * count : 0);
  pairs.forEach(({ image }, pair) => {
    const picture = index.images[image]!;
    const chance = draw.fork(pair).fork("regions");
    maskedRegions(set.images[picture]!.regions, chance, maskRate).forEach((region, k) => {
      const slot = pair * each + k;
      rows[slot] = pair * regions + region;
      there[slot] = 1;
      masked[rows[slot]!] = 1;
      if (actual.length > 0) actual.set(classes!.read(picture, region), slot * count);
    });
  });
  return {
    maskedRegions: { shape: [pairs.length, regions], values: masked },
    regionRows: ints(rows),
    regionThere: ints(there),
    ...(actual.length > 0 && { regionClasses: { shape: [rows.length, count], values: actual } }),
  };
}

function ints(values: ArrayLike<number>): { shape: number[]; values: Int32Array } {
  return { shape: [values.length], values: Int32Array.from(values) };
}

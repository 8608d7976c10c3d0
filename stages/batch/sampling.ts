/**
 * Which pairs a step sees. Every choice follows from (seed, purpose, step), so a resumed run sees the
 * same pairs as an uninterrupted one.
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";
import { isTrueOf, type SplitIndex } from "./split_index.ts";

/**
 * The ranking problems of a micro-step: an anchor, and candidates to rank for it, the first of which
 * is correct. All are rows of the tables.
 */
export interface RankingProblems {
  /** int32 [anchor]: images to find the caption of. */
  readonly imageAnchors: Int32Array;
  /** int32 [anchor, candidate]: texts. */
  readonly textCandidates: Int32Array;
  /** int32 [anchor]: texts to find the image of. */
  readonly textAnchors: Int32Array;
  /** int32 [anchor, candidate]: images. */
  readonly imageCandidates: Int32Array;
}

/** The cosine of a text and an image of the split, by row. */
export type Cosine = (text: number, image: number) => number;

export interface ProblemSizes {
  readonly anchors: number;
  readonly negatives: number;
  /**
   * So many of the negatives, the first ones, are from the family of the right image, as far as it has
   * wrong answers.
   */
  readonly familyNegatives?: number | undefined;
  /** Draws `size` negatives for each problem and keeps the most similar by these cosines. */
  readonly pool?: { readonly size: number; readonly cosine: Cosine } | undefined;
}

/**
 * Positives come in epochs: each text once per epoch and direction, in a different order for each
 * direction. Negatives are drawn for each problem: texts of other images, or other images, that are not
 * known to be correct.
 * Source: the release's sampling (data/itm.py), without its redraws, which are not needed.
 * @throws {Complaint} if the split has fewer wrong answers than negatives
 */
export function rankingProblems(
  index: SplitIndex,
  random: RandomStream,
  microStep: number,
  { anchors, negatives, familyNegatives = 0, pool }: ProblemSizes,
): RankingProblems {
  const candidates = 1 + negatives;
  const problems: RankingProblems = {
    imageAnchors: new Int32Array(anchors),
    textCandidates: new Int32Array(anchors * candidates),
    textAnchors: new Int32Array(anchors),
    imageCandidates: new Int32Array(anchors * candidates),
  };
  const draw = random.fork("negatives").fork(microStep);
  for (let a = 0; a < anchors; a++) {
    const place = microStep * anchors + a;
    const imagesText = inEpochs(random.fork("image anchors"), place, index.captions.length);
    const image = index.imageOfText[imagesText]!;
    problems.imageAnchors[a] = image;
    const textDraw = draw.fork("texts").fork(a);
    const family = fromFamily(textDraw, familyNegatives, wrongTexts(index, image));
    const texts = likeliest(
      others(textDraw, pool?.size ?? negatives, index.captions.length, {
        right: [...index.textsOfImage[image]!, ...index.alsoTrueTexts?.[image] ?? []],
        drawn: family,
      }),
      negatives - family.length,
      pool && ((text) => pool.cosine(text, image)),
    );
    problems.textCandidates.set([imagesText, ...family, ...texts], a * candidates);

    const text = inEpochs(random.fork("text anchors"), place, index.captions.length);
    problems.textAnchors[a] = text;
    const right = index.imageOfText[text]!;
    const imageDraw = draw.fork("images").fork(a);
    const relatives = fromFamily(imageDraw, familyNegatives, wrongImages(index, text));
    const images = likeliest(
      others(imageDraw, pool?.size ?? negatives, index.images.length, {
        right: [right, ...index.alsoTrueOf?.[text] ?? []],
        drawn: relatives,
      }),
      negatives - relatives.length,
      pool && ((image) => pool.cosine(text, image)),
    );
    problems.imageCandidates.set([right, ...relatives, ...images], a * candidates);
  }
  return problems;
}

/** Texts of an image's family that are not true of it. */
function wrongTexts(index: SplitIndex, image: number): number[] {
  return relativesOf(index, image)
    .flatMap((other) => index.textsOfImage[other]!)
    .filter((text) => !isTrueOf(index, text, image));
}

/** Images of the family of a text's image that the text is not true of. */
function wrongImages(index: SplitIndex, text: number): number[] {
  return relativesOf(index, index.imageOfText[text]!)
    .filter((image) => !isTrueOf(index, text, image));
}

function relativesOf({ familyOfImage }: SplitIndex, image: number): readonly number[] {
  return familyOfImage?.[image]?.filter((other) => other !== image) ?? [];
}

/** `count` of the items, or all if there are fewer. */
function fromFamily(random: RandomStream, count: number, items: readonly number[]): number[] {
  if (count === 0 || items.length === 0) return [];
  return random.fork("family").sample(Math.min(count, items.length), items.length)
    .map((place) => items[place]!);
}

/** Item `place` of an endless sequence that runs through 0..size-1 in a new order in each epoch. */
export function inEpochs(random: RandomStream, place: number, size: number): number {
  const epoch = Math.floor(place / size);
  return permuted(random.fork("epoch").fork(epoch), place % size, size);
}

/** The `count` items with the highest scores, highest first; all items, in order, without a score. */
function likeliest(
  items: readonly number[],
  count: number,
  scoreOf: ((item: number) => number) | undefined,
): readonly number[] {
  if (scoreOf === undefined) return items;
  return items.map((item) => ({ item, score: scoreOf(item) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, count)
    .map(({ item }) => item);
}

/** Distinct wrong answers below `bound` that make up `count` with those that are drawn already. */
function others(
  random: RandomStream,
  count: number,
  bound: number,
  { right, drawn }: { readonly right: readonly number[]; readonly drawn: readonly number[] },
): number[] {
  if (count > bound - right.length) {
    throw new Complaint(
      `${count} negatives are requested, but the training split has ${
        bound - right.length
      } wrong answers`,
      "lower `negatives` (or `pool`), or train on more images",
      { exitCode: 1 },
    );
  }
  const gaps = [...right, ...drawn].sort((a, b) => a - b);
  return random.sample(count - drawn.length, bound - gaps.length).map((place) => {
    let item = place;
    for (const gap of gaps) if (item >= gap) item++;
    return item;
  });
}

/**
 * Element `place` of a keyed permutation of 0..size-1, without computing the whole permutation:
 * a four-round Feistel network on the next power of four, repeated until the result is below `size`.
 */
function permuted(random: RandomStream, place: number, size: number): number {
  const half = Math.max(1, Math.ceil(Math.log2(Math.max(2, size)) / 2));
  const mask = (1 << half) - 1;
  let item = place;
  do {
    let left = item >>> half;
    let right = item & mask;
    for (let round = 0; round < 4; round++) {
      [left, right] = [right, left ^ (random.fork(round).bits(right) & mask)];
    }
    item = ((left << half) | right) >>> 0;
  } while (item >= size);
  return item;
}

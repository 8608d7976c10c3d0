/**
 * Which pairs a step sees. Every choice follows from (seed, purpose, step), so a resumed run sees the
 * same pairs as an uninterrupted one.
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";
import type { SplitIndex } from "./split_index.ts";

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
  /** Draws `size` negatives for each problem and keeps the most similar by these cosines. */
  readonly pool?: { readonly size: number; readonly cosine: Cosine } | undefined;
}

/**
 * Positives come in epochs: each text once per epoch and direction, in a different order for each
 * direction. Negatives are drawn for each problem: texts of other images, or other images.
 * Source: the release's sampling (data/itm.py), without its redraws, which are not needed.
 * @throws {Complaint} if the split has fewer wrong answers than negatives
 */
export function rankingProblems(
  index: SplitIndex,
  random: RandomStream,
  microStep: number,
  { anchors, negatives, pool }: ProblemSizes,
): RankingProblems {
  const candidates = 1 + negatives;
  const problems: RankingProblems = {
    imageAnchors: new Int32Array(anchors),
    textCandidates: new Int32Array(anchors * candidates),
    textAnchors: new Int32Array(anchors),
    imageCandidates: new Int32Array(anchors * candidates),
  };
  const drawn = pool?.size ?? negatives;
  const draw = random.fork("negatives").fork(microStep);
  for (let a = 0; a < anchors; a++) {
    const place = microStep * anchors + a;
    const imagesText = inEpochs(random.fork("image anchors"), place, index.captions.length);
    const image = index.imageOfText[imagesText]!;
    problems.imageAnchors[a] = image;
    const texts = likeliest(
      others(draw.fork("texts").fork(a), drawn, index.captions.length, [
        ...index.textsOfImage[image]!,
      ]),
      negatives,
      pool && ((text) => pool.cosine(text, image)),
    );
    problems.textCandidates.set([imagesText, ...texts], a * candidates);

    const text = inEpochs(random.fork("text anchors"), place, index.captions.length);
    problems.textAnchors[a] = text;
    const right = index.imageOfText[text]!;
    const images = likeliest(
      others(draw.fork("images").fork(a), drawn, index.images.length, [right]),
      negatives,
      pool && ((image) => pool.cosine(text, image)),
    );
    problems.imageCandidates.set([right, ...images], a * candidates);
  }
  return problems;
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

/** `count` distinct numbers below `bound` that are not in `excluded`. */
function others(
  random: RandomStream,
  count: number,
  bound: number,
  excluded: readonly number[],
): number[] {
  const gaps = [...excluded].sort((a, b) => a - b);
  if (count > bound - gaps.length) {
    throw new Complaint(
      `${count} negatives are requested, but the training split has ${
        bound - gaps.length
      } wrong answers`,
      "lower `negatives` (or `pool`), or train on more images",
      { exitCode: 1 },
    );
  }
  return random.sample(count, bound - gaps.length).map((drawn) => {
    let item = drawn;
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

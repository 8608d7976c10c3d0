/**
 * Which pairs a step sees. Everything follows from (seed, purpose, step), so that a resumed run sees
 * what an unbroken one sees.
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";
import type { SplitIndex } from "./split_index.ts";

/** The ranking problems of a micro-step, by table row; column 0 of the candidates is the positive. */
export interface RankingProblems {
  /** int32 [anchor]: images whose captions are sought. */
  readonly imageAnchors: Int32Array;
  /** int32 [anchor, candidate]: texts. */
  readonly textCandidates: Int32Array;
  /** int32 [anchor]: texts whose images are sought. */
  readonly textAnchors: Int32Array;
  /** int32 [anchor, candidate]: images. */
  readonly imageCandidates: Int32Array;
}

/** Of a text and an image of the split, by row. */
export type Cosine = (text: number, image: number) => number;

export interface ProblemSizes {
  readonly anchors: number;
  readonly negatives: number;
  /** Negatives are those of so many drawn that are likeliest by these cosines. */
  readonly pool?: { readonly size: number; readonly cosine: Cosine } | undefined;
}

/**
 * Positives come in epochs, each text once per epoch in either direction, in an order of its own per
 * direction; negatives are drawn anew for each problem: texts of other images, and other images.
 * Source: the release's sampling (data/itm.py), but for whole redraws, which are not needed.
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

/** The item at a place of an endless sequence that runs through 0..size-1 in a new order each epoch. */
export function inEpochs(random: RandomStream, place: number, size: number): number {
  const epoch = Math.floor(place / size);
  return permuted(random.fork("epoch").fork(epoch), place % size, size);
}

/** The first so many by a score, in its order; in their own without a score. */
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

/** `count` different numbers below `bound`, none of them among the few `excluded`. */
function others(
  random: RandomStream,
  count: number,
  bound: number,
  excluded: readonly number[],
): number[] {
  const gaps = [...excluded].sort((a, b) => a - b);
  if (count > bound - gaps.length) {
    throw new Complaint(
      `${count} negatives are wanted, but the training split has ${
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
 * Where a keyed permutation of 0..size-1 sends `place`, without writing the permutation down:
 * a four-round Feistel network on the next power of four, walked until it lands inside.
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

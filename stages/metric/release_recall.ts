/**
 * Recall as the release computes it (utils/itm_eval.py), for comparison with its published numbers;
 * everything else here uses `recall.ts`. It differs in three ways:
 *
 * - Scores are rounded to float16 first, so close ones tie.
 * - Only the first ten answers of a query are examined.
 * - Text to image: hits are (row, rank) pairs, and both numbers are compared with K. A hit at any of the
 *   ten ranks counts once more if its caption is one of the first K rows. So img_rK is too high by up to
 *   K / texts, and exceeds 1 on tiny data.
 */
import type { ScoreMatrix } from "./recall.ts";

export interface ReleaseRecall {
  /** Fractions by the release's names: txt_r1 (image to text), img_r1 (text to image), means. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Number of queries whose hits depend on the order of equal scores. */
  readonly ambiguous: number;
}

/** Answers per query that are examined. */
const EXAMINED = 10;
const cutoffs = [1, 5, 10] as const;

/**
 * At equal scores the lower row or column comes first. (The release leaves that to PyTorch's topk, which
 * does not define an order.) With fewer than ten answers all are examined; the release fails.
 * @param options.rounding what scores are rounded to; float16 in the release's own evaluation
 */
export function releaseRecall(
  { scores, texts, images, imageOfText }: ScoreMatrix,
  { rounding = "float16" }: { readonly rounding?: "float16" | "float32" } = {},
): ReleaseRecall {
  const rounded = rounding === "float16" ? roundedToFloat16(scores) : scores;
  const score = (text: number, image: number) => rounded[text * images + image]!;
  const every = (count: number) => Array.from({ length: count }, (_, index) => index);
  const ofTexts = every(texts).map((text) =>
    placeOf(every(images), (image) => score(text, image), (image) => image === imageOfText[text])
  );
  const ofImages = every(images).map((image) =>
    placeOf(every(texts), (text) => score(text, image), (text) => imageOfText[text] === image)
  );
  const found = ofTexts.flatMap(({ rank }, row) => rank < EXAMINED ? [{ row, rank }] : []);
  const metrics: Record<string, number> = {};
  for (const k of cutoffs) {
    metrics[`txt_r${k}`] = ofImages.filter(({ rank }) => rank < k).length / images;
    const counted = found.filter(({ rank }) => rank < k).length +
      found.filter(({ row }) => row < k).length;
    metrics[`img_r${k}`] = counted / texts;
  }
  const mean = (...names: string[]) =>
    names.reduce((sum, name) => sum + metrics[name]!, 0) / names.length;
  metrics["txt_r_mean"] = mean(...cutoffs.map((k) => `txt_r${k}`));
  metrics["img_r_mean"] = mean(...cutoffs.map((k) => `img_r${k}`));
  metrics["r_mean"] = mean("txt_r_mean", "img_r_mean");
  const ambiguous = [...ofTexts, ...ofImages].filter(({ ambiguous }) => ambiguous).length;
  return { metrics, ambiguous };
}

/** Each score rounded to the nearest float16, ties to even, as float32. */
export function roundedToFloat16(scores: Float32Array): Float32Array {
  return scores.map((score) => Math.f16round(score));
}

interface Place {
  /** Of the best correct answer, from 0; infinite if there is none. */
  readonly rank: number;
  /** Whether another order of equal scores would change the hits. */
  readonly ambiguous: boolean;
}

function placeOf(
  answers: readonly number[],
  score: (answer: number) => number,
  isRight: (answer: number) => boolean,
): Place {
  // An answer is replaced only by one of higher score, so the first of equal scores remains.
  const best = answers.filter(isRight)
    .reduce<number | undefined>(
      (best, answer) => best === undefined || score(answer) > score(best) ? answer : best,
      undefined,
    );
  if (best === undefined) return { rank: Infinity, ambiguous: false };
  const wrong = answers.filter((answer) => !isRight(answer));
  const better = wrong.filter((answer) => score(answer) > score(best)).length;
  const tied = wrong.filter((answer) => score(answer) === score(best));
  const rank = better + tied.filter((answer) => answer < best).length;
  const crossed = cutoffs.some((k) => better < k && k <= better + tied.length);
  return { rank, ambiguous: crossed };
}

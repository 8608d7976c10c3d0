/**
 * Scores of swapped pairs: two images and two captions that differ in one thing (Winoground). The pairs
 * that go with split `test` are in split `swap`, those that go with another split X in `swap_X`.
 */
import type { StageContext } from "../../pipeline/contract/stage.ts";
import type { FeatureSet, SwappedPair } from "../data/feature_set.ts";
import {
  judgePair,
  metricsByKind,
  pairAccuracy,
  type PairOutcome,
  type PairScores,
} from "../metric/pair_accuracy.ts";
import { indexSplit, type SplitIndex } from "../batch/split_index.ts";

/** Scores pairs of rows of an index. */
export type ScoreRows = (
  index: SplitIndex,
  texts: readonly number[],
  images: readonly number[],
) => Promise<Float32Array>;

/** The split of the swapped pairs that go with a split. */
export function pairSplitOf(split: string): string {
  return split === "test" ? "swap" : `swap_${split}`;
}

/** A pair with the scores of its four combinations, and the tests that it passes. */
export interface JudgedPair extends PairScores {
  readonly pair: SwappedPair;
  readonly outcome: PairOutcome;
}

/** Judges the pairs that go with a split; none if it has none. */
export async function judgedPairs(
  set: FeatureSet,
  score: ScoreRows,
  evaluated: string,
): Promise<{ readonly split: string; readonly judged: readonly JudgedPair[] }> {
  const split = pairSplitOf(evaluated);
  const pairs = set.pairs.filter(({ image0 }) => set.images[image0]!.split === split);
  if (pairs.length === 0) return { split, judged: [] };
  const index = indexSplit(set, split);
  const textRow = new Map(index.captions.map((caption, row) => [caption, row]));
  const imageRow = new Map(index.images.map((image, row) => [image, row]));
  const texts = pairs.flatMap(({ caption0, caption1 }) =>
    [caption0, caption0, caption1, caption1].map((caption) => textRow.get(caption)!)
  );
  const images = pairs.flatMap(({ image0, image1 }) =>
    [image0, image1, image0, image1].map((image) => imageRow.get(image)!)
  );
  const all = await score(index, texts, images);
  const judged = pairs.map((pair, place) => {
    const [s00 = NaN, s01 = NaN, s10 = NaN, s11 = NaN] = all.subarray(4 * place, 4 * place + 4);
    const scores = { s00, s01, s10, s11 };
    return { pair, ...scores, outcome: judgePair(scores) };
  });
  return { split, judged };
}

/** Records rows of `pair_score`, and accuracies of all pairs and of each kind. */
export async function judgeSwappedPairs(
  { record }: Pick<StageContext<unknown>, "record">,
  set: FeatureSet,
  score: ScoreRows,
  evaluated: string,
): Promise<void> {
  const { split, judged } = await judgedPairs(set, score, evaluated);
  if (judged.length === 0) return;
  for (const { pair: { id, kind, image0, image1 }, outcome, s00, s01, s10, s11 } of judged) {
    const [family, other] = [image0, image1].map((image) => set.images[image]!.family);
    record.row("pair_score", {
      pair: id,
      kind,
      s00,
      s01,
      s10,
      s11,
      text_right: outcome.textRight,
      image_right: outcome.imageRight,
      group_right: outcome.groupRight,
      ...(family !== undefined && family === other && { family }),
    });
  }
  const outcomes = judged.map(({ pair: { kind }, outcome }) => ({ kind, ...outcome }));
  for (const [name, value] of Object.entries(metricsByKind(outcomes, pairAccuracy))) {
    record.metric(name, value, { split });
  }
}

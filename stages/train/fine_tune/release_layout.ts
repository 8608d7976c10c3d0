/**
 * Which keys an image-anchored pair attends to when the release trains without alignment. It lays out
 * the rows of these pairs incorrectly (data/itm.py, itm_rank_hn_collate): texts are padded to T, the
 * length of the longest candidate of the anchor, the regions follow the padding, and the mask and the
 * gathering that remove the gap elsewhere are made for other lengths. For L words of the pair's own
 * text, L' words of the LAST candidate and n regions, of the rows [T words, padding included; n
 * regions]:
 *
 *     mining     keys are rows 0 .. L-1 and rows L' .. L'+n-1; a row in both ranges counts twice
 *     gradient   keys are rows 0 .. L+n-1: T-L padding words are seen, the last T-L regions are not
 *
 * Positions are added in the embedding, before the layout. A layout therefore only decides how often
 * each row occurs among the keys; m times means log m added to its logit. Text-anchored pairs, runs
 * with alignment and evaluation are not affected.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../../model/axes.ts";

/** The two forward passes of a micro-step. */
export type Pass = "mining" | "gradient";

/** What the layout of a pass depends on: int32, on the device. */
export interface LayoutLengths {
  /** Numbers of words of the candidates that this pass scores. */
  readonly words: Axes<"anchor candidate">;
  /** Numbers of words of all candidates that were drawn, including those that mining has dropped. */
  readonly drawn: Axes<"anchor candidate">;
  /** Numbers of regions of the anchors. */
  readonly regions: Axes<"anchor">;
}

/** Positions of a sequence in our batches, which have more padding than the release's rows. */
export interface Places {
  readonly words: number;
  readonly regions: number;
}

/**
 * A bias for attention logits: the logarithm of how often a position is a key, -10000 if it is not.
 * @returns [anchor * candidate, 1, 1, position], in the order of the pairs
 */
export function releaseKeyBias(pass: Pass, lengths: LayoutLengths, places: Places): tf.Tensor {
  const times = keyMultiplicities(pass, lengths, places);
  const [anchors = 0, candidates = 0, positions = 0] = times.shape;
  const there = tf.log(tf.maximum(times, 1));
  const absent = tf.mul(tf.sub(tf.minimum(times, 1), 1), 10000);
  return tf.reshape(tf.add(there, absent), [anchors * candidates, 1, 1, positions]);
}

/** How often each position occurs among the keys: float32, 0, 1 or 2. */
export function keyMultiplicities(
  pass: Pass,
  { words, drawn, regions }: LayoutLengths,
  places: Places,
): Axes<"anchor candidate position"> {
  const [anchors = 0, candidates = 0] = named("anchor candidate", words).shape;
  const perPair = (x: tf.Tensor) => tf.reshape(x, [anchors, -1, 1]);
  const own = perPair(words);
  const longest = perPair(tf.max(drawn, 1));
  const last = perPair(lastColumn(drawn));
  const count = perPair(regions);

  // The row of the release's [T words; n regions] that is at each of our positions.
  const word = tf.reshape(tf.range(0, places.words, 1, "int32"), [1, 1, -1]);
  const region = tf.reshape(tf.range(0, places.regions, 1, "int32"), [1, 1, -1]);
  const keysAmong = (row: tf.Tensor) => {
    if (pass === "gradient") return oneWhere(tf.less(row, tf.add(own, count)));
    const before = oneWhere(tf.less(row, own));
    const gathered = tf.logicalAnd(
      tf.greaterEqual(row, last),
      tf.less(row, tf.add(last, count)),
    );
    return tf.add(before, oneWhere(gathered));
  };
  const ofWords = tf.mul(keysAmong(word), oneWhere(tf.less(word, longest)));
  const ofRegions = tf.mul(
    keysAmong(tf.add(longest, region)),
    oneWhere(tf.less(region, count)),
  );
  const all = (x: tf.Tensor, size: number) => tf.add(x, tf.zeros([anchors, candidates, size]));
  return tf.concat([all(ofWords, places.words), all(ofRegions, places.regions)], 2);
}

/** [anchor, candidate] -> [anchor, 1] */
function lastColumn(x: Axes<"anchor candidate">): tf.Tensor {
  const [anchors = 0, candidates = 0] = x.shape;
  return tf.slice(x, [0, candidates - 1], [anchors, 1]);
}

function oneWhere(condition: tf.Tensor): tf.Tensor {
  return tf.cast(condition, "float32");
}

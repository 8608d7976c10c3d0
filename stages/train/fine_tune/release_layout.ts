/**
 * Which keys an image-anchored pair attends to where the release trains without alignment. There a
 * pair's rows are not laid one behind the other as they should be (data/itm.py, itm_rank_hn_collate):
 * texts are padded to T, the longest of the anchor's candidates, regions come behind the padding,
 * and the mask and the gathering that close the gap elsewhere are made for other lengths. With L
 * words of the pair's own text, L' of the LAST candidate's and n regions, all from the rows
 * [T words, padding included; n regions]:
 *
 *     mining     keys are rows 0 .. L-1 and rows L' .. L'+n-1; a row that is in both counts twice
 *     gradient   keys are rows 0 .. L+n-1: T-L padding words are seen, the last T-L regions are not
 *
 * Rows have their place before they are laid out (positions are added in the embedding), so a layout
 * is nothing but how often each row stands among the keys: m times is log m added to its logit.
 * Text-anchored pairs, alignment runs and evaluation are not concerned.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../../model/axes.ts";

/** The two forward passes of a micro-step. */
export type Pass = "mining" | "gradient";

/** What the layout of a pass depends on. All int32, all on the device. */
export interface LayoutLengths {
  /** Words of the candidates that this pass scores. */
  readonly words: Axes<"anchor candidate">;
  /** Words of all candidates that were drawn, also of those that mining has left out. */
  readonly drawn: Axes<"anchor candidate">;
  /** Regions of the anchors. */
  readonly regions: Axes<"anchor">;
}

/** Places of the sequence as our batches have them: wider than the release's rows, by padding. */
export interface Places {
  readonly words: number;
  readonly regions: number;
}

/**
 * To be added to attention logits: log of how often a place is a key, -10000 where it is none.
 * @returns [anchor * candidate, 1, 1, position], in the order of the pairs.
 */
export function releaseKeyBias(pass: Pass, lengths: LayoutLengths, places: Places): tf.Tensor {
  const times = keyMultiplicities(pass, lengths, places) as tf.Tensor;
  const [anchors = 0, candidates = 0, positions = 0] = times.shape;
  const there = tf.log(tf.maximum(times, 1));
  const absent = tf.mul(tf.sub(tf.minimum(times, 1), 1), 10000);
  return tf.reshape(tf.add(there, absent), [anchors * candidates, 1, 1, positions]);
}

/** How often each place stands among the keys: float32, 0, 1 or 2. */
export function keyMultiplicities(
  pass: Pass,
  { words, drawn, regions }: LayoutLengths,
  places: Places,
): Axes<"anchor candidate position"> {
  const [anchors = 0, candidates = 0] = named("anchor candidate", words).shape;
  const perPair = (x: tf.Tensor) => tf.reshape(x, [anchors, -1, 1]);
  const own = perPair(words);
  const longest = perPair(tf.max(drawn as tf.Tensor, 1));
  const last = perPair(lastColumn(drawn));
  const count = perPair(regions);

  // Row of the release's [T words; n regions] that stands at each of our places.
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
  const all = (x: tf.Tensor, size: number) =>
    tf.add(x, tf.zeros([anchors, candidates, size])) as tf.Tensor;
  return tf.concat([all(ofWords, places.words), all(ofRegions, places.regions)], 2);
}

/** [anchor, candidate] -> [anchor, 1] */
function lastColumn(x: Axes<"anchor candidate">): tf.Tensor {
  const [anchors = 0, candidates = 0] = x.shape;
  return tf.slice(x as tf.Tensor, [0, candidates - 1], [anchors, 1]);
}

function oneWhere(condition: tf.Tensor): tf.Tensor {
  return tf.cast(condition, "float32");
}

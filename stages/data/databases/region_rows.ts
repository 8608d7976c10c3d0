/** Converts the arrays that every format of region features has to the regions of an image. */
import type { Wrong } from "../formats/foreign_file.ts";
import { floatRows, halfRows, type NumpyArray } from "../formats/numpy_array.ts";
import type { HalfImageRegions, ImageRegions, RegionChoice } from "./image_database.ts";

/** Arrays of an entry that are read: features [n, D], norm_bb [n, 6], conf [n]. */
export const regionArrays = ["features", "norm_bb", "conf"] as const;

/**
 * The detector's class probabilities of the first `count` regions, from soft_labels [n, classes].
 * @returns [count, classes], or undefined if the entry has none
 */
export function softLabels(
  arrays: ReadonlyMap<string, NumpyArray>,
  { count, wrong }: { readonly count: number; readonly wrong: Wrong },
): Float32Array | undefined {
  const labels = arrays.get("soft_labels");
  if (labels === undefined) return undefined;
  const [rows = 0, classes = 0] = labels.shape;
  if (labels.shape.length !== 2 || rows < count || classes === 0) {
    throw wrong(`soft_labels has shape [${labels.shape}], expected [${count}, classes]`);
  }
  const within: Wrong = (what, cause) => wrong(`soft_labels: ${what}`, cause);
  return floatRows(labels, { rows: count, wrong: within });
}

interface RowOptions {
  /** Number of regions recorded in the database; without it, `choice` decides. */
  readonly stored?: number | undefined;
  readonly choice: RegionChoice;
  readonly wrong: Wrong;
}

export function regionRows(
  arrays: ReadonlyMap<string, NumpyArray>,
  options: RowOptions,
): ImageRegions {
  const { array, wrong, ...others } = chosenRows(arrays, options);
  return { ...others, features: floatRows(array, { rows: others.count, wrong }) };
}

/** Like `regionRows`, without a conversion; undefined unless the features are float16. */
export function halfRegionRows(
  arrays: ReadonlyMap<string, NumpyArray>,
  options: RowOptions,
): HalfImageRegions | undefined {
  const { array, wrong, ...others } = chosenRows(arrays, options);
  const { type } = array;
  if (type !== "<f2") return undefined;
  return { ...others, features: halfRows({ ...array, type }, { rows: others.count, wrong }) };
}

/** Everything but the features, whose array is returned as it is stored. */
function chosenRows(
  arrays: ReadonlyMap<string, NumpyArray>,
  { stored, choice, wrong }: RowOptions,
): Omit<ImageRegions, "features"> & { readonly array: NumpyArray; readonly wrong: Wrong } {
  const features = arrays.get("features"), boxes = arrays.get("norm_bb"), conf = arrays.get("conf");
  if (features === undefined) throw wrong("it has no array `features`");
  if (boxes === undefined) throw wrong("it has no array `norm_bb`");
  const [rows = 0, featureDim = 0] = features.shape;
  const expect = (array: NumpyArray, name: string, shape: readonly number[]) => {
    if (array.shape.join() !== shape.join()) {
      throw wrong(`${name} has shape [${array.shape}], expected [${shape}]`);
    }
  };
  if (features.shape.length !== 2 || featureDim === 0) {
    throw wrong(`features has shape [${features.shape}], expected [regions, columns]`);
  }
  expect(boxes, "norm_bb", [rows, 6]);
  if (conf !== undefined) expect(conf, "conf", [rows]);
  const within = (name: string): Wrong => (what, cause) => wrong(`${name}: ${what}`, cause);

  const allConfidence = conf && floatRows(conf, { rows, wrong: within("conf") });
  const threshold = conf?.type === "<f2" ? Math.f16round(choice.conf_th) : choice.conf_th;
  const count = stored ?? chosenCount({ rows, confidence: allConfidence, threshold, choice });
  if (count > rows) {
    const source = stored === undefined ? "requested" : "listed in the file of counts";
    throw wrong(`${count} regions are ${source}, it has ${rows}`);
  }
  if (count === 0) throw wrong("it has no regions");
  return {
    array: features,
    wrong: within("features"),
    count,
    featureDim,
    boxes: withAreas(floatRows(boxes, { rows: count, wrong: within("norm_bb") })),
    confidence: allConfidence?.slice(0, count),
  };
}

/**
 * min(max_bb, max(min_bb, number of regions whose confidence exceeds the threshold)), as UNITER's release
 * counts, but never more than there are. Without confidences all are used, at most max_bb.
 */
function chosenCount(
  { rows, confidence, threshold, choice: { conf_th, max_bb, min_bb, num_bb } }: {
    rows: number;
    confidence: Float32Array | undefined;
    threshold: number;
    choice: RegionChoice;
  },
): number {
  if (conf_th === -1) return num_bb;
  if (confidence === undefined) return Math.min(rows, max_bb);
  // Compare in the precision of the array, as numpy does.
  const limit = Math.fround(threshold);
  const sure = confidence.reduce((sum, value) => sum + (value > limit ? 1 : 0), 0);
  return Math.min(rows, max_bb, Math.max(min_bb, sure));
}

/** [n, 6] to [n, 7]: appends the area, the product of the float32 width and height, in float32. */
function withAreas(boxes: Float32Array): Float32Array {
  const count = boxes.length / 6;
  const result = new Float32Array(count * 7);
  for (let row = 0; row < count; row++) {
    result.set(boxes.subarray(row * 6, row * 6 + 6), row * 7);
    result[row * 7 + 6] = boxes[row * 6 + 4]! * boxes[row * 6 + 5]!;
  }
  return result;
}

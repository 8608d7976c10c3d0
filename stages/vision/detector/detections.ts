/** Reads the outputs of a detector: boxes with their scores, features and classes. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { Box } from "../picture.ts";
import type { ConfiguredDetector, DetectorOptions } from "./detector_options.ts";
import type { OnnxTensor } from "./onnx_runtime.ts";

/** The regions of a picture. */
export interface Detections {
  /** Best first; empty if the detector found nothing. */
  readonly boxes: Box[];
  /** [box, featureDim], if the options name an output for them. */
  readonly features?: Float32Array;
  /** [box, class], likewise: probability distributions. */
  readonly classes?: Float32Array;
}

/** @throws {Complaint} for outputs with other types or shapes, or invalid numbers */
export function readDetections(
  outputs: Readonly<Record<string, OnnxTensor>>,
  { path, options }: ConfiguredDetector,
): Detections {
  const { side, coordinates, order, threshold, max } = options;
  const boxes = rowsOf(outputs[options.boxes]!, { path, name: options.boxes, expected: [4] });
  const table = (name: string | undefined, flat: boolean) =>
    name === undefined
      ? undefined
      : rowsOf(outputs[name]!, { path, name, expected: [], rows: boxes.rows, flat });
  const scores = table(options.scores, true);
  const features = table(options.features, false);
  const classes = table(options.classes, false);
  const found = Array.from({ length: boxes.rows }, (_, row) => {
    const corners = cornersOf(boxes.row(row), order).map((value) =>
      Math.min(1, Math.max(0, coordinates === "pixels" ? value / side : value))
    );
    const [x0, y0, x1, y1] = corners as [number, number, number, number];
    const score = scores === undefined ? Infinity : Math.max(...scores.row(row));
    return { box: { x0, y0, x1, y1 }, score, row };
  }).filter(({ box: { x0, y0, x1, y1 }, score }) => x0 < x1 && y0 < y1 && !Number.isNaN(score))
    .sort((one, other) => one.score === other.score ? 0 : other.score - one.score);
  const kept = found.filter(({ score }, place) => place === 0 || score >= threshold).slice(0, max);
  if (features !== undefined && kept.some(({ row }) => !features.row(row).every(Number.isFinite))) {
    throw new Complaint(
      `output \`${options.features}\` of the detector contains numbers that are not finite`,
      "set `mean`, `scale` and `layout` of `detection` to the values with which the detector was trained",
      { place: { file: path }, exitCode: 1 },
    );
  }
  return {
    boxes: kept.map(({ box }) => box),
    ...(features !== undefined &&
      { features: Float32Array.from(kept.flatMap(({ row }) => [...features.row(row)])) }),
    ...(classes !== undefined && {
      classes: Float32Array.from(
        kept.flatMap(({ row }) => distribution(classes.row(row), { path, name: options.classes! })),
      ),
    }),
  };
}

/** Normalises non-negative class scores to sum to 1. */
function distribution(
  row: Float32Array,
  { path, name }: { readonly path: string; readonly name: string },
): number[] {
  const sum = row.reduce((sum, one) => sum + one, 0);
  if (row.every((one) => one >= 0) && sum > 0 && sum < Infinity) {
    return Array.from(row, (one) => one / sum);
  }
  throw new Complaint(
    `output \`${name}\` of the detector has a row that cannot be normalised to class probabilities`,
    "use an output of probabilities: non-negative, not all 0, and no logits",
    { place: { file: path }, exitCode: 1 },
  );
}

/** x1, y1, x2, y2 of a box. */
function cornersOf(box: ArrayLike<number>, order: DetectorOptions["order"]): number[] {
  const [a, b, c, d] = Array.from(box) as [number, number, number, number];
  switch (order) {
    case "xyxy":
      return [a, b, c, d];
    case "yxyx":
      return [b, a, d, c];
    case "cxcywh":
      return [a - c / 2, b - d / 2, a + c / 2, b + d / 2];
    default:
      return order satisfies never;
  }
}

interface Rows {
  readonly rows: number;
  row(place: number): Float32Array;
}

/** A table of [rows, columns] or [1, rows, columns]; with `flat` also [rows]. */
function rowsOf(
  { type, dims, data }: OnnxTensor,
  { path, name, expected, rows: expectedRows, flat = false }: {
    readonly path: string;
    readonly name: string;
    /** Number of columns, if it is known. */
    readonly expected: readonly number[];
    readonly rows?: number;
    readonly flat?: boolean;
  },
): Rows {
  // [1, n] is one score for each of n boxes; only for a single box it is n scores.
  const many = flat && dims.length === 2 && dims[0] === 1 && expectedRows !== 1;
  const shape = dims.length === 3 && dims[0] === 1
    ? dims.slice(1)
    : flat && dims.length === 1
    ? [dims[0]!, 1]
    : many
    ? [dims[1]!, 1]
    : dims;
  const [rows = 0, columns = 0] = shape;
  const fits = shape.length === 2 && (expectedRows === undefined || rows === expectedRows) &&
    (expected[0] === undefined || columns === expected[0]) && (columns > 0);
  if (!fits || !(data instanceof Float32Array)) {
    const form = [expectedRows ?? "boxes", expected[0] ?? "columns"].join(", ");
    throw new Complaint(
      `output \`${name}\` of the detector is ${type} [${dims.join(", ")}], expected float32 ` +
        `[${form}] or [1, ${form}]${flat ? ` or [${expectedRows}]` : ""}`,
      "use other outputs, or export the detector with outputs of this form",
      { place: { file: path }, exitCode: 1 },
    );
  }
  return { rows, row: (place) => data.subarray(place * columns, (place + 1) * columns) };
}

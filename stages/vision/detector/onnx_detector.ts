/**
 * A detector of the user's own, as an ONNX file: run by onnxruntime-node, which is loaded only when a
 * detector is named, from a folder of its own.
 */
import { Complaint, nearest } from "../../../pipeline/contract/complaint.ts";
import {
  loadOnnxRuntime,
  type OnnxRuntime,
  type OnnxSession,
  type OnnxTensor,
} from "./onnx_runtime.ts";
import { stretched } from "../photo_pixels.ts";
import type { Box, RgbPicture } from "../picture.ts";

export interface DetectorOptions {
  /** Folder into which `onnxRuntimePackage` was fetched. */
  readonly runtime: string;
  /** Name of the output with boxes: [n, 4] or [1, n, 4]. */
  readonly boxes: string;
  /** [n], [1, n], or with a column per class, of which the best counts. Without, all are alike. */
  readonly scores?: string;
  /** [n, d] or [1, n, d]. */
  readonly features?: string;
  /** [n, classes] or [1, n, classes]: how sure it is of each, from 0; rows are made to sum to 1. */
  readonly classes?: string;
  /** Name of the input for the picture; needed where there are several. */
  readonly input?: string;
  readonly layout: "nchw" | "nhwc";
  /** The picture is stretched to so many pixels in both directions. */
  readonly side: number;
  /** Red, green, blue: the input is (pixel - mean) / scale, pixels being 0 to 255. */
  readonly mean: readonly [number, number, number];
  readonly scale: readonly [number, number, number];
  /** Of boxes: pixels of the stretched picture, or fractions of it. */
  readonly coordinates: "pixels" | "fractions";
  readonly order: "xyxy" | "cxcywh" | "yxyx";
  /** Boxes whose score is lower are left out, but never the best. */
  readonly threshold: number;
  /** The best so many are kept. */
  readonly max: number;
}

export interface Detections {
  /** Best first; empty where the detector found nothing at all. */
  readonly boxes: Box[];
  /** [box, featureDim], when an output for them was named. */
  readonly features?: Float32Array;
  /** [box, class], likewise: distributions. */
  readonly classes?: Float32Array;
}

export interface Detector {
  detect(picture: RgbPicture): Promise<Detections>;
  close(): Promise<void>;
}

/**
 * One thread, and always the same bits on one machine.
 *
 * @param path the ONNX file
 * @throws {Complaint} when the runtime, the file, or an input or output of that name is not there
 */
export async function openDetector(path: string, options: DetectorOptions): Promise<Detector> {
  const runtime = loadOnnxRuntime(options.runtime);
  const session = await openSession(path, runtime);
  const input = chosenInput(session, { path, options });
  for (const role of ["boxes", "scores", "features", "classes"] as const) {
    const name = options[role];
    if (name === undefined || session.outputNames.includes(name)) continue;
    throw unknownName(path, { kind: "output", role, name, there: session.outputNames });
  }
  return {
    async detect(picture) {
      const { side, layout } = options;
      const dims = layout === "nchw" ? [1, 3, side, side] : [1, side, side, 3];
      const tensor = new runtime.Tensor("float32", await inputOf(picture, options), dims);
      const outputs = await session.run({ [input]: tensor }).catch((cause) => {
        throw new Complaint(
          `the detector fails: ${firstLine(cause)}`,
          "check `layout` and `side`, and that its operators are ones of ONNX Runtime",
          { place: { file: path }, exitCode: 1, cause },
        );
      });
      return readDetections(outputs, { path, options });
    },
    close: () => session.release(),
  };
}

async function openSession(path: string, runtime: OnnxRuntime): Promise<OnnxSession> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new Complaint("the detector's file cannot be read", "check the path", {
      place: { file: path },
      cause,
    });
  });
  try {
    return await runtime.InferenceSession.create(bytes, {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
  } catch (cause) {
    throw new Complaint(
      `the detector cannot be opened: ${firstLine(cause)}`,
      "name an ONNX file that holds its weights, for ONNX Runtime 1.30 or older",
      { place: { file: path }, cause },
    );
  }
}

interface Asked {
  readonly path: string;
  readonly options: DetectorOptions;
}

function chosenInput(session: OnnxSession, { path, options }: Asked): string {
  const { inputNames, inputMetadata } = session;
  const { input: given, side, layout } = options;
  if (given === undefined && inputNames.length !== 1) {
    throw new Complaint(
      `the detector has ${inputNames.length} inputs: ${listed(inputNames)}`,
      "export it with one, or name the picture's with `input`",
      { place: { file: path } },
    );
  }
  const name = given ?? inputNames[0]!;
  if (!inputNames.includes(name)) {
    throw unknownName(path, { kind: "input", role: "input", name, there: inputNames });
  }
  const { type, shape = [] } = inputMetadata.find((each) => each.name === name) ?? {};
  const expected = layout === "nchw" ? [1, 3, side, side] : [1, side, side, 3];
  const fits = type === "float32" && shape.length === 4 &&
    shape.every((size, axis) => typeof size !== "number" || size < 1 || size === expected[axis]);
  if (!fits) {
    throw new Complaint(
      `input \`${name}\` of the detector is ${type} [${shape.join(", ")}], and the picture ` +
        `float32 [${expected.join(", ")}]`,
      "set `layout` and `side` as the detector has them",
      { place: { file: path } },
    );
  }
  return name;
}

async function inputOf(
  picture: RgbPicture,
  { side, layout, mean, scale }: DetectorOptions,
): Promise<Float32Array> {
  const { pixels } = await stretched(picture, side);
  const values = new Float32Array(side * side * 3);
  const plane = side * side;
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = (pixels[pixel * 3 + channel]! - mean[channel]!) / scale[channel]!;
      values[layout === "nchw" ? channel * plane + pixel : pixel * 3 + channel] = value;
    }
  }
  return values;
}

function readDetections(
  outputs: Readonly<Record<string, OnnxTensor>>,
  { path, options }: Asked,
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
      `output \`${options.features}\` of the detector has numbers that are not finite`,
      "check `mean`, `scale` and `layout` of `detection` against how the detector was trained",
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

function distribution(
  row: Float32Array,
  { path, name }: { readonly path: string; readonly name: string },
): number[] {
  const sum = row.reduce((sum, one) => sum + one, 0);
  if (row.every((one) => one >= 0) && sum > 0 && sum < Infinity) {
    return Array.from(row, (one) => one / sum);
  }
  throw new Complaint(
    `output \`${name}\` of the detector has a row that says nothing of its classes`,
    "name an output of probabilities, from 0 and not all 0: no logits",
    { place: { file: path }, exitCode: 1 },
  );
}

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

/** [rows, columns], with or without an axis of one picture before it; `flat`: or [rows]. */
function rowsOf(
  { type, dims, data }: OnnxTensor,
  { path, name, expected, rows: wanted, flat = false }: {
    readonly path: string;
    readonly name: string;
    /** Columns, where their number is known. */
    readonly expected: readonly number[];
    readonly rows?: number;
    readonly flat?: boolean;
  },
): Rows {
  // [1, n] are the scores of n boxes, and not n scores of one box, unless there is one
  const many = flat && dims.length === 2 && dims[0] === 1 && wanted !== 1;
  const shape = dims.length === 3 && dims[0] === 1
    ? dims.slice(1)
    : flat && dims.length === 1
    ? [dims[0]!, 1]
    : many
    ? [dims[1]!, 1]
    : dims;
  const [rows = 0, columns = 0] = shape;
  const fits = shape.length === 2 && (wanted === undefined || rows === wanted) &&
    (expected[0] === undefined || columns === expected[0]) && (columns > 0);
  if (!fits || !(data instanceof Float32Array)) {
    const form = [wanted ?? "boxes", expected[0] ?? "columns"].join(", ");
    throw new Complaint(
      `output \`${name}\` of the detector is ${type} [${dims.join(", ")}], expected float32 ` +
        `[${form}] or [1, ${form}]${flat ? ` or [${wanted}]` : ""}`,
      "name other outputs, or export the detector with such ones",
      { place: { file: path }, exitCode: 1 },
    );
  }
  return { rows, row: (place) => data.subarray(place * columns, (place + 1) * columns) };
}

function unknownName(
  path: string,
  { kind, role, name, there }: {
    kind: "input" | "output";
    role: string;
    name: string;
    there: readonly string[];
  },
): Complaint {
  const meant = nearest(name, there);
  return new Complaint(
    `the detector has no ${kind} \`${name}\`; it has ${listed(there)}`,
    meant === undefined ? `set \`${role}\` to one of them` : `did you mean \`${meant}\`?`,
    { place: { file: path } },
  );
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 300);
}

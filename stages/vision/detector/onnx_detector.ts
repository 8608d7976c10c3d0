/**
 * Runs a user's own object detector from an ONNX file with onnxruntime-node, which is fetched and loaded only
 * if an experiment uses a detector.
 */
import { Complaint, nearest } from "../../../pipeline/contract/complaint.ts";
import { stretched } from "../photo_pixels.ts";
import type { RgbPicture } from "../picture.ts";
import { type Detections, readDetections } from "./detections.ts";
import type { ConfiguredDetector, DetectorOptions } from "./detector_options.ts";
import { loadOnnxRuntime, type OnnxRuntime, type OnnxSession } from "./onnx_runtime.ts";

export interface Detector {
  detect(picture: RgbPicture): Promise<Detections>;
  close(): Promise<void>;
}

/**
 * Opens a detector that runs on one thread, so results are reproducible on the same machine.
 *
 * @param path the ONNX file
 * @throws {Complaint} when the runtime, the file, or an input or output with a given name is missing
 */
export async function openDetector(path: string, options: DetectorOptions): Promise<Detector> {
  const runtime = loadOnnxRuntime(options.runtime);
  const session = await openSession(path, runtime);
  const input = inputName(session, { path, options });
  for (const role of ["boxes", "scores", "features", "classes"] as const) {
    const name = options[role];
    if (name === undefined || session.outputNames.includes(name)) continue;
    throw unknownName(path, { kind: "output", role, name, there: session.outputNames });
  }
  return {
    async detect(picture) {
      const { side, layout } = options;
      const dims = layout === "nchw" ? [1, 3, side, side] : [1, side, side, 3];
      const tensor = new runtime.Tensor("float32", await inputValues(picture, options), dims);
      const outputs = await session.run({ [input]: tensor }).catch((cause) => {
        throw new Complaint(
          `the detector fails: ${firstLine(cause)}`,
          "check `layout` and `side`, and that ONNX Runtime supports its operators",
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
      "use an ONNX file that contains its weights, for ONNX Runtime 1.30 or older",
      { place: { file: path }, cause },
    );
  }
}

/** The name of the picture's input, whose type and shape are checked. */
function inputName(session: OnnxSession, { path, options }: ConfiguredDetector): string {
  const { inputNames, inputMetadata } = session;
  const { input: given, side, layout } = options;
  if (given === undefined && inputNames.length !== 1) {
    throw new Complaint(
      `the detector has ${inputNames.length} inputs: ${listed(inputNames)}`,
      "export it with one input, or name the picture's input with `input`",
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
      `input \`${name}\` of the detector is ${type} [${shape.join(", ")}]; the picture is ` +
        `float32 [${expected.join(", ")}]`,
      "set `layout` and `side` to the detector's values",
      { place: { file: path } },
    );
  }
  return name;
}

/** The picture as float32 in the detector's layout, normalised. */
async function inputValues(
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

function unknownName(
  path: string,
  { kind, role, name, there }: {
    kind: "input" | "output";
    role: string;
    name: string;
    there: readonly string[];
  },
): Complaint {
  const suggestion = nearest(name, there);
  return new Complaint(
    `the detector has no ${kind} \`${name}\`; it has ${listed(there)}`,
    suggestion === undefined ? `set \`${role}\` to one of them` : `did you mean \`${suggestion}\`?`,
    { place: { file: path } },
  );
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 300);
}

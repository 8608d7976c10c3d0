/** Loads onnxruntime-node from the folder into which it was fetched, and types the parts that are used. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Complaint } from "../../../pipeline/contract/complaint.ts";

const system = Deno.build.os === "windows" ? "win32" : Deno.build.os;
const machine = Deno.build.arch === "aarch64" ? "arm64" : "x64";

/** By platform, as each has libraries of its own. */
const contents: Readonly<Record<string, string>> = {
  "linux/x64": "4135b29c6d36c6cc5edd02c4f998b356f9400c321e00b89391f6f6bc416f4287",
  "linux/arm64": "43336308de62509717ec6fe36f583adb9bb25e48a9f28a8b4d9bd4a8d75774f8",
  "darwin/arm64": "2b1ef257b9091899135a2547776eb9231cbf926e3ce5b63f415798d796161846",
  "win32/x64": "1457bfb77907c44e67da887b9470f19f78286fae91952492d1e3b94d88e4c9ea",
  "win32/arm64": "15af418dd9f6fcdea0b20c83389101bdee91fcb9dcea8b14647af04e231ceea0",
};

/**
 * The pinned package; 46 of its 290 MB are for this platform. It is fetched only for stages with a detector. It
 * is not a dependency of the project, because Deno would fetch it for every user.
 */
export const onnxRuntimePackage = {
  distribution: "onnxruntime-node",
  version: "1.30.0",
  sha256: "6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75",
  bytes: 113_507_888,
  files: ["package.json", "dist/", `bin/napi-v6/${system}/${machine}/`],
  content: contents[`${system}/${machine}`] ?? `none is published for ${system}/${machine}`,
  imports: [{
    distribution: "onnxruntime-common",
    version: "1.30.0",
    sha256: "7906c439e0d3e0f4048caa23b64cdfadc0f455c377f579ce1ab2a4b778f07d5f",
    files: ["package.json", "dist/cjs/"],
  }],
} as const;

export interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly {
    readonly name: string;
    readonly type?: string;
    /** Axes of variable size are names. */
    readonly shape?: readonly (number | string)[];
  }[];
  run(inputs: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OnnxTensor;
}

/**
 * Needs permission to read the folder and to call native libraries. The package's install script is not
 * needed: the package contains the CPU library, the script would download the one for CUDA.
 *
 * @param folder with `node_modules/onnxruntime-node`
 */
export function loadOnnxRuntime(folder: string): OnnxRuntime {
  const pinned = onnxRuntimePackage.version;
  const name = `onnxruntime-node@${pinned}`;
  const install = `npm install --ignore-scripts --prefix '${folder}' ${name}`;
  const require = createRequire(pathToFileURL(`${folder}/onnx.js`));
  let version: unknown;
  try {
    ({ version } = JSON.parse(
      Deno.readTextFileSync(`${folder}/node_modules/onnxruntime-node/package.json`),
    ));
  } catch (cause) {
    throw new Complaint("ONNX Runtime is not installed, but the detector needs it", install, {
      place: { file: folder },
      cause,
    });
  }
  if (version !== pinned) {
    const what = `ONNX Runtime has version ${version}; expected ${pinned}`;
    throw new Complaint(what, install, { place: { file: folder } });
  }
  try {
    return require("onnxruntime-node");
  } catch (cause) {
    throw new Complaint(
      `ONNX Runtime cannot be loaded: ${(cause as Error).message.split("\n")[0]}`,
      `install it again: ${install}`,
      { place: { file: folder }, exitCode: 1, cause },
    );
  }
}

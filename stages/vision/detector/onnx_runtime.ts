/** onnxruntime-node, loaded from where it was installed: what of it is used. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Complaint } from "../../../pipeline/contract/complaint.ts";

const system = Deno.build.os === "windows" ? "win32" : Deno.build.os;
const machine = Deno.build.arch === "aarch64" ? "arm64" : "x64";

/**
 * The package, pinned: 46 MB of the 290 are this system's. It is fetched for stages that name a
 * detector, and no dependency of the project, because Deno fetches those for everybody.
 */
export const onnxRuntimePackage = {
  distribution: "onnxruntime-node",
  version: "1.30.0",
  sha256: "6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75",
  bytes: 113_507_888,
  files: ["package.json", "dist/", `bin/napi-v6/${system}/${machine}/`],
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
    /** An axis of any size is a name. */
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
 * Needs the right to read the folder and to call native libraries. Its install script is not needed:
 * the processor's library is in the package, and the script would fetch that for CUDA.
 *
 * @param folder with `node_modules/onnxruntime-node`
 */
export function loadOnnxRuntime(folder: string): OnnxRuntime {
  const wanted = onnxRuntimePackage.version;
  const own = `onnxruntime-node@${wanted}`;
  const install = `npm install --ignore-scripts --prefix '${folder}' ${own}`;
  const require = createRequire(pathToFileURL(`${folder}/onnx.js`));
  let version: unknown;
  try {
    ({ version } = JSON.parse(
      Deno.readTextFileSync(`${folder}/node_modules/onnxruntime-node/package.json`),
    ));
  } catch (cause) {
    throw new Complaint("ONNX Runtime is not here, and a detector needs it", install, {
      place: { file: folder },
      cause,
    });
  }
  if (version !== wanted) {
    const what = `ONNX Runtime is here in version ${version}, and not in ${wanted}`;
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

/** What `doctor` says about the device that computes, and a run about a GPU that it does not use. */
import type { Finding } from "../../pipeline/contract/stage.ts";
import type { DeviceKind } from "../tensorflow/library/planned_device.ts";

export interface DeviceFacts {
  /** The device that stages are planned for. */
  readonly device: DeviceKind;
  readonly threads: number;
  /** Which of the places it was found in, as `searchLibrary` names them. */
  readonly place: string;
  /** The library is a build for GPUs. */
  readonly isCudaBuild: boolean;
  /** Libraries of NVIDIA that such a build would not find. */
  readonly missing: readonly string[];
  /** GPUs that are visible, and those that there are if CUDA_VISIBLE_DEVICES is left aside. */
  readonly visible: number;
  readonly there: number;
  /** Model and memory of the visible ones, as far as the driver says. */
  readonly described: readonly string[];
  /** NVIDIA_TF32_OVERRIDE, if it is set. */
  readonly tf32: string | undefined;
}

const setup = "deno task setup --gpu";

export function deviceFinding(facts: DeviceFacts): Finding {
  const { device, threads, visible, there, described, tf32 } = facts;
  if (device === "gpu") {
    const which = described.length === 0 ? "a GPU" : [...new Set(described)].join(" or ");
    if (tf32 === undefined || tf32 === "0") {
      return { verdict: "ok", what: `it computes on ${which}, in float32 without TensorFloat-32` };
    }
    return {
      verdict: "note",
      what:
        `it computes on ${which}; NVIDIA_TF32_OVERRIDE is ${tf32}, so products in float32 may ` +
        "keep 10 bits of 23",
      fix: "unset NVIDIA_TF32_OVERRIDE",
    };
  }
  const cores = `${threads} thread${threads === 1 ? "" : "s"}`;
  const unused = unusedGpu(facts);
  if (unused !== undefined) {
    return { verdict: "note", what: `${unused.what}: it computes on ${cores}`, fix: unused.fix };
  }
  const hidden = there > visible ? "; CUDA_VISIBLE_DEVICES leaves no GPU" : "";
  return { verdict: "ok", what: `it computes on the CPU, ${cores}${hidden}` };
}

/** Why a visible GPU is not used, and what would change that; undefined if there is none, or it is. */
export function unusedGpu(
  { device, visible, place, isCudaBuild, missing }: DeviceFacts,
): { readonly what: string; readonly fix: string } | undefined {
  if (device === "gpu" || visible === 0) return undefined;
  if (isCudaBuild) {
    return {
      what: `there is a GPU, but libraries that TensorFlow needs for it are not found (${
        missing.map((library) => `lib${library}`).join(", ")
      })`,
      fix: "name their folders with LD_LIBRARY_PATH, or install tensorflow[and-cuda] 2.21, which " +
        `brings them; or run ${setup}, without TENSORFLOW_LIBRARY or a Python environment`,
    };
  }
  return {
    what: "there is a GPU, but the library is a build for CPUs",
    fix: place === "TENSORFLOW_LIBRARY"
      ? `name a build for GPUs, or unset TENSORFLOW_LIBRARY and run: ${setup}`
      : place.startsWith("Python environment")
      ? `install tensorflow[and-cuda] 2.21 in that environment, or deactivate it and run: ${setup}`
      : `fetch a build for GPUs with: ${setup}`,
  };
}

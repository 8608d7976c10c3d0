/** What the pipeline has to know about computing without doing it: its fingerprint, and how to prepare. */
import { dirname } from "node:path";
import type { Progress } from "../pipeline/contract/progress.ts";
import type { Finding } from "../pipeline/contract/stage.ts";
import type { ComputeAccess } from "../pipeline/contract/stages.ts";
import {
  cudaDataFolder,
  cudaLibraries,
  cudaVersions,
  isCudaBuild,
} from "./tensorflow/library/cuda_build.ts";
import { fetchedCudaFolder } from "./tensorflow/library/cuda_release.ts";
import { describeGpus, gpuText } from "./tensorflow/library/cuda_driver.ts";
import { visibleGpus } from "./tensorflow/library/gpus.ts";
import { ensureLibrary } from "./tensorflow/library/open_library.ts";
import {
  libraryFiles,
  libraryFolders,
  libraryIdentity,
} from "./tensorflow/library/library_identity.ts";
import { compiledFolder, folderVariable } from "./tensorflow/library/compiled_folder.ts";
import { type DeviceKind, plannedDeviceVariable } from "./tensorflow/library/planned_device.ts";
import {
  type FoundLibrary,
  searchLibrary,
  setupPlace,
} from "./tensorflow/library/search_library.ts";
import { decisiveVariables, variablesFor } from "./tensorflow/library/variables.ts";

export { visibleGpus } from "./tensorflow/library/gpus.ts";

/**
 * What decides the bits of a computed result in addition to code, parameters and inputs. The number of
 * threads is part of it: it changes how sums are split, and so the last bits.
 */
export async function computeFingerprint(
  { threads }: { threads: number },
): Promise<Record<string, string>> {
  const found = foundLibrary();
  const device = deviceOf(found);
  return {
    library: await libraryIdentity(found),
    device,
    threads: String(threads),
    ...(device === "gpu" && await cudaVersions(found!.path)),
    ...decisiveVariables(Deno.env.toObject(), { device }),
  };
}

/**
 * The files of the library, and of NVIDIA's that it loads, which must not change during a run. Those that
 * were fetched, or have still to be, are left out: they are checked before they compute.
 */
export function computeFiles(): string[] {
  const found = foundLibrary();
  if (found === undefined) return [];
  return [...(wasFetched(found) ? [] : libraryFiles(found)), ...foreignCudaFiles(found)];
}

/** The libraries of NVIDIA that are loaded on a GPU and were not fetched. */
function foreignCudaFiles(found: FoundLibrary): string[] {
  if (deviceOf(found) === "cpu") return [];
  const fetched = `${fetchedCudaFolder()}/`;
  return Object.values(cudaLibraries(found.path).files).filter((file) => !file.startsWith(fetched));
}

function wasFetched({ place }: FoundLibrary): boolean {
  return place === "fetched" || place === setupPlace;
}

/**
 * What a computing process may read and write in addition to its stage's own files: the library that
 * was found, and functions that other processes have compiled. The process gets these paths in
 * variables, because it has no permission to search for them, and the device that its stage was planned
 * for.
 */
export function computeAccess(): ComputeAccess {
  const found = foundLibrary();
  if (found === undefined) return { reads: [], writes: [], environment: {} };
  const device = deviceOf(found);
  const data = cudaDataFolder(found.path);
  const compiled = compiledFolder(found);
  const places = compiled === undefined ? [] : compiledPlaces(compiled);
  return {
    reads: [
      ...libraryFolders(found),
      ...foreignCudaFiles(found).flatMap((file) => [file, Deno.realPathSync(file)]),
      ...(data === undefined ? [] : [data]),
      ...places,
    ],
    writes: places,
    environment: {
      ...variablesFor(found.path),
      // Warnings say why TensorFlow uses no GPU.
      ...(device === "gpu" && Deno.env.get("TF_CPP_MIN_LOG_LEVEL") === undefined &&
        { TF_CPP_MIN_LOG_LEVEL: "1" }),
      TENSORFLOW_LIBRARY: found.path,
      [plannedDeviceVariable]: device,
      ...(compiled !== undefined && { [folderVariable]: compiled }),
    },
  };
}

/** The folder of all compiled functions, since any of them may be removed; and where it really is. */
function compiledPlaces(compiled: string): string[] {
  const folder = dirname(compiled);
  try {
    Deno.mkdirSync(folder, { recursive: true });
    return [...new Set([folder, Deno.realPathSync(folder)])];
  } catch {
    return [folder]; // it cannot be written, and functions are compiled in every process
  }
}

/** The same library for the whole command, also if another one appears meanwhile. */
function foundLibrary(): FoundLibrary | undefined {
  return known ??= searchLibrary().found;
}
let known: FoundLibrary | undefined;

/** A GPU, if one is visible and the library, and all of NVIDIA's that it needs, are there for it. */
function deviceOf(found: FoundLibrary | undefined): DeviceKind {
  const usable = found !== undefined && visibleGpus().length > 0 && isCudaBuild(found.path) &&
    cudaLibraries(found.path).missing.length === 0;
  return usable ? "gpu" : "cpu";
}

/** Fetches libtensorflow unless it is found. */
export async function prepareCompute(progress: Progress): Promise<void> {
  await ensureLibrary(progress);
  computeAccess(); // refuses wrong variables before anything runs
}

/** Model and memory of each visible GPU, in the order of `visibleGpus`, as far as the driver says. */
export function gpuTexts(): string[] {
  return describeGpus().map(gpuText);
}

/**
 * Bytes of the smallest GPU that stages may get; undefined if they compute on the processor, or if the
 * driver does not say.
 */
export function gpuMemory(): number | undefined {
  if (deviceOf(foundLibrary()) === "cpu") return undefined;
  const sizes = describeGpus().map(({ memory }) => memory);
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}

/**
 * For `doctor`: where the library is, its version, and the device it computes on. What TensorFlow finds
 * in this process is then compared with that device, as in the processes of stages.
 */
export async function examineCompute(
  { threads }: { threads: number },
  progress: Progress,
): Promise<Finding[]> {
  await ensureLibrary(progress);
  const found = foundLibrary()!;
  const device = deviceOf(found);
  Deno.env.set(plannedDeviceVariable, device);
  const identity = await libraryIdentity(found);
  const library = `TensorFlow ${found.version ?? identity} (${found.place}): ${found.path}`;
  return [{ verdict: "ok", what: library }, deviceFinding(found, device, threads)];
}

function deviceFinding(found: FoundLibrary, device: DeviceKind, threads: number): Finding {
  const cores = `${threads} thread${threads === 1 ? "" : "s"}`;
  if (device === "gpu") {
    const models = new Set(describeGpus().map(gpuText));
    const which = models.size === 0 ? "a GPU" : [...models].join(" or ");
    return { verdict: "ok", what: `it computes on ${which}, in float32 without TensorFloat-32` };
  }
  if (visibleGpus().length === 0) {
    const hidden = visibleGpus({ get: () => undefined }).length > 0;
    const why = hidden ? "; CUDA_VISIBLE_DEVICES leaves no GPU" : "";
    return { verdict: "ok", what: `it computes on the CPU, ${cores}${why}` };
  }
  const { why, fix } = unusedGpu(found);
  return { verdict: "note", what: `there is a GPU, but ${why}: it computes on ${cores}`, fix };
}

/** Why a library does not use the GPU that there is. */
function unusedGpu({ path, place }: FoundLibrary): { why: string; fix: string } {
  const setup = "deno task setup --gpu";
  if (isCudaBuild(path)) {
    const missing = cudaLibraries(path).missing.map((library) => `lib${library}`).join(", ");
    return {
      why: `the library needs ${missing}, which are not found`,
      fix: `name their folders with LD_LIBRARY_PATH, or install tensorflow[and-cuda] 2.21, which ` +
        `brings them; or run ${setup}, without TENSORFLOW_LIBRARY and Python environments`,
    };
  }
  const isActive = place.startsWith("Python environment");
  return {
    why: "the library is a build for CPUs",
    fix: place === "TENSORFLOW_LIBRARY"
      ? `name a build for GPUs, or unset TENSORFLOW_LIBRARY and run: ${setup}`
      : isActive
      ? `install tensorflow[and-cuda] 2.21 in that environment, or deactivate it and run: ${setup}`
      : `fetch a build for GPUs with: ${setup}`,
  };
}

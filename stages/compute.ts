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
import { type DeviceFacts, deviceFinding, unusedGpu } from "./estimate/device_finding.ts";
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

/** Fetches libtensorflow unless it is found, and says so if a GPU is not used. */
export async function prepareCompute(progress: Progress): Promise<void> {
  await ensureLibrary(progress);
  const unused = unusedGpu(deviceFacts(foundLibrary()!, 1));
  if (unused !== undefined) progress.say(`note: ${unused.what}; ${unused.fix}`);
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
  return [{ verdict: "ok", what: library }, deviceFinding(deviceFacts(found, threads))];
}

function deviceFacts(found: FoundLibrary, threads: number): DeviceFacts {
  const device = deviceOf(found);
  const cuda = isCudaBuild(found.path);
  return {
    device,
    threads,
    place: found.place,
    isCudaBuild: cuda,
    missing: cuda ? cudaLibraries(found.path).missing : [],
    visible: visibleGpus().length,
    there: visibleGpus({ get: () => undefined }).length,
    described: device === "gpu" ? gpuTexts() : [],
    tf32: Deno.env.get("NVIDIA_TF32_OVERRIDE"),
  };
}

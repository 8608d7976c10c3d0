/** What the pipeline has to know about computing without doing it: its fingerprint, and how to prepare. */
import type { Progress } from "../pipeline/contract/progress.ts";
import type { Finding } from "../pipeline/contract/stage.ts";
import { ensureLibrary } from "./tensorflow/library/open_library.ts";
import {
  libraryFiles,
  libraryFolders,
  libraryIdentity,
} from "./tensorflow/library/library_identity.ts";
import {
  cudaFolder,
  cudaVersions,
  type FoundLibrary,
  isCudaBuild,
  searchLibrary,
} from "./tensorflow/library/search_library.ts";
import { decisiveVariables, hidesGpus } from "./tensorflow/library/variables.ts";

/** Exists if the machine has a GPU and its driver. */
const gpuDevice = "/dev/nvidia0";

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
    ...(device === "gpu" && cudaVersions(found!.path)),
    ...decisiveVariables(Deno.env.toObject(), {
      device,
      ...(found !== undefined && { libraryPath: found.path }),
    }),
  };
}

/**
 * The files of the library, which must not change during a run; none if it has still to be fetched, or
 * was: then it is checked before it computes.
 */
export function computeFiles(): string[] {
  const found = foundLibrary();
  return found === undefined || found.place === "fetched" ? [] : libraryFiles(found);
}

/**
 * What a computing process may read in addition to its stage's own files: the library that was found,
 * and the file that shows whether there is a GPU. The process gets the library's path in a variable,
 * because it has no permission to search for it.
 */
export function computeAccess(): { reads: string[]; environment: Record<string, string> } {
  const found = foundLibrary();
  if (found === undefined) return { reads: [], environment: {} };
  return {
    reads: [...libraryFolders(found), cudaFolder(found.path), gpuDevice],
    environment: { TENSORFLOW_LIBRARY: found.path },
  };
}

/** The same library for the whole command, also if another one appears meanwhile. */
function foundLibrary(): FoundLibrary | undefined {
  return known ??= searchLibrary().found;
}
let known: FoundLibrary | undefined;

function deviceOf(found: FoundLibrary | undefined): "cpu" | "gpu" {
  const seesGpu = hasGpu() && !hidesGpus(Deno.env.get("CUDA_VISIBLE_DEVICES"));
  return found !== undefined && isCudaBuild(found.path) && seesGpu ? "gpu" : "cpu";
}

/** Those that the driver shows as /dev/nvidia0, /dev/nvidia1, ... From documentation; not tested. */
export function countGpus(): number {
  for (let count = 0;; count++) if (!isThere(`/dev/nvidia${count}`)) return count;
}

/** Fetches libtensorflow unless it is found. */
export async function prepareCompute(progress: Progress): Promise<void> {
  await ensureLibrary(progress);
}

/** For `doctor`: where the library is, its version, and the device it computes on. */
export async function examineCompute(
  { threads }: { threads: number },
  progress: Progress,
): Promise<Finding[]> {
  await ensureLibrary(progress);
  const found = foundLibrary()!;
  const device = deviceOf(found);
  const identity = await libraryIdentity(found);
  const findings: Finding[] = [{
    verdict: "ok",
    what: `TensorFlow ${found.version ?? identity} (${found.place}): ${found.path}`,
  }];
  const cores = `${threads} thread${threads === 1 ? "" : "s"}`;
  if (device === "gpu") {
    findings.push({ verdict: "ok", what: "it computes on a GPU, with a CUDA build" });
  } else if (hasGpu()) {
    findings.push({
      verdict: "note",
      what: `there is a GPU, but the library is a build for CPUs: it computes on ${cores}`,
      fix:
        "install tensorflow[and-cuda] 2.21 in an active Python environment, or name its library with TENSORFLOW_LIBRARY",
    });
  } else findings.push({ verdict: "ok", what: `it computes on the CPU, ${cores}` });
  return findings;
}

function hasGpu(): boolean {
  return isThere(gpuDevice);
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** What the pipeline has to know about computing without doing it: its fingerprint, and how to prepare. */
import type { Progress } from "../pipeline/contract/progress.ts";
import type { Finding } from "../pipeline/contract/stage.ts";
import { ensureLibrary } from "./tensorflow/library/open_library.ts";
import { pinnedVersion } from "./tensorflow/library/release.ts";
import { cudaFolder, isCudaBuild, searchLibrary } from "./tensorflow/library/search_library.ts";

/** Exists if the machine has a GPU and its driver. */
const gpuDevice = "/dev/nvidia0";

/** Environment variables that TensorFlow reads and that can change the bits of results. */
const decisiveVariables = [
  "XLA_FLAGS",
  "TF_XLA_FLAGS",
  "TF_ENABLE_ONEDNN_OPTS",
  "TF_DETERMINISTIC_OPS",
  "CUDA_VISIBLE_DEVICES",
];

/**
 * What decides the bits of a computed result in addition to code, parameters and inputs. The number of
 * threads is part of it: it changes how sums are split, and so the last bits.
 */
export function computeFingerprint(options: { threads: number }): Record<string, string> {
  const { found } = searchLibrary();
  const variables = decisiveVariables.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    library: found === undefined ? pinnedVersion : found.version ?? fileIdentity(found.path),
    device: found !== undefined && isCudaBuild(found.path) && hasGpu() ? "gpu" : "cpu",
    threads: String(options.threads),
    ...Object.fromEntries(variables),
  };
}

/**
 * What a computing process may read in addition to its stage's own files: the library that was found,
 * and the file that shows whether there is a GPU. The process gets the library's path in a variable,
 * because it has no permission to search for it.
 */
export function computeAccess(): { reads: string[]; environment: Record<string, string> } {
  const { found } = searchLibrary();
  if (found === undefined) return { reads: [], environment: {} };
  const folder = found.path.slice(0, found.path.lastIndexOf("/"));
  return {
    reads: [folder, cudaFolder(found.path), gpuDevice],
    environment: { TENSORFLOW_LIBRARY: found.path },
  };
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
  const { found } = searchLibrary();
  const { device, library } = computeFingerprint({ threads });
  const findings: Finding[] = [{
    verdict: "ok",
    what: `TensorFlow ${library} (${found!.place}): ${found!.path}`,
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

/** Identifies a library of unknown version without opening it. */
function fileIdentity(path: string): string {
  const { size, mtime } = Deno.statSync(path);
  return `unnamed build of ${size} bytes, ${mtime?.toISOString() ?? "no date"}`;
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

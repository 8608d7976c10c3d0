/** What the pipeline must know of computing without computing: its fingerprint, and how to get ready. */
import type { Progress } from "../pipeline/contract/progress.ts";
import type { Finding } from "../pipeline/contract/stage.ts";
import { ensureLibrary } from "./tensorflow/library/open_library.ts";
import { pinnedVersion } from "./tensorflow/library/release.ts";
import { cudaFolder, isCudaBuild, searchLibrary } from "./tensorflow/library/search_library.ts";

/** There if the machine has a GPU and its driver. */
const gpuDevice = "/dev/nvidia0";

/** Environment variables that TensorFlow reads and that can change bits. */
const decisiveVariables = [
  "XLA_FLAGS",
  "TF_XLA_FLAGS",
  "TF_ENABLE_ONEDNN_OPTS",
  "TF_DETERMINISTIC_OPS",
  "CUDA_VISIBLE_DEVICES",
];

/**
 * What decides the bits of a computed result beside code, parameters and inputs. The number of
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
 * What a process that computes may read beside its stage's own: the library that was found, and what
 * tells of a GPU. It is told where the library is, since it may not look around for it.
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

/** As many as the driver shows, numbered from 0. Written from documentation, not measured. */
export function countGpus(): number {
  for (let count = 0;; count++) if (!isThere(`/dev/nvidia${count}`)) return count;
}

/** Fetches libtensorflow if no place has it. */
export async function prepareCompute(progress: Progress): Promise<void> {
  await ensureLibrary(progress);
}

/** For `doctor`: where the library is, of which version, and what it computes on. */
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
  if (device === "gpu") findings.push({ verdict: "ok", what: "a GPU and a CUDA build are there" });
  else if (hasGpu()) {
    findings.push({
      verdict: "note",
      what: `there is a GPU, but the library is for CPUs: it computes on ${cores}`,
      fix:
        "install tensorflow[and-cuda] 2.21 in an active Python environment, or name its library with TENSORFLOW_LIBRARY",
    });
  } else findings.push({ verdict: "ok", what: `it computes on the CPU, ${cores}` });
  return findings;
}

/** Stands for a library whose version its surroundings do not tell, without opening it. */
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

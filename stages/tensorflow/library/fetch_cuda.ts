/**
 * Fetches TensorFlow's build for GPUs with NVIDIA's libraries: a dozen wheels, each of which is put into
 * its folder as a whole and stays there, so that a fetch that was stopped goes on with the next one.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { Progress } from "../../../pipeline/contract/progress.ts";
import { freeBytes as freeBytesOf } from "../../../pipeline/fetch/free_space.ts";
import { packageState } from "../../../pipeline/fetch/package_content.ts";
import { fetchPackage } from "../../../pipeline/fetch/package_fetch.ts";
import { type CudaWheel, cudaWheels, fetchedCudaFolder, folderOf } from "./cuda_release.ts";

interface FetchOptions {
  /** The progress of one package. */
  task(label: string): Progress;
  readonly environment?: Pick<typeof Deno.env, "get">;
  /** Instead of the published ones, for tests. */
  readonly wheels?: readonly CudaWheel[];
  /** Free bytes of a folder's disk. */
  freeBytes?(folder: string): number;
}

/** Fetches what is missing or damaged, after saying how much that is. */
export async function fetchCuda(
  { task, environment, wheels = cudaWheels(), freeBytes = freeBytesOf }: FetchOptions,
): Promise<void> {
  if (wheels.length === 0) {
    throw new Complaint(
      `TensorFlow is not published with CUDA for ${Deno.build.os} on ${Deno.build.arch}`,
      "use Linux on x86-64, or compute on the processor, for which nothing has to be set up",
    );
  }
  const { say } = task("TensorFlow");
  const folder = fetchedCudaFolder(environment);
  const missing: CudaWheel[] = [];
  for (const wheel of wheels) {
    const state = await packageState(wheel, folderOf(wheel, environment));
    if (state.type !== "intact") missing.push(wheel);
  }
  if (missing.length === 0) {
    say(`all ${wheels.length} packages are in ${folder}`);
    return;
  }
  say(
    `${missing.length} of ${wheels.length} packages are to be fetched: ` +
      `${gigabytes(total(missing, "bytes"))} GB, and ` +
      `${gigabytes(total(missing, "unpacked"))} GB on disk, in ${folder}`,
  );
  requireSpace(missing, folder, freeBytes);
  for (const wheel of missing) {
    await fetchWheel(wheel, { progress: task(wheel.distribution), environment });
  }
}

/** Checks what was fetched, and fetches again what is damaged. */
export async function checkCuda(progress: Progress): Promise<void> {
  for (const wheel of cudaWheels()) await fetchWheel(wheel, { progress });
}

async function fetchWheel(
  wheel: CudaWheel,
  { progress, environment }: {
    progress: Progress;
    environment?: Pick<typeof Deno.env, "get"> | undefined;
  },
): Promise<void> {
  await fetchPackage(wheel, folderOf(wheel, environment), {
    progress,
    unavailable: (why) => unavailable(wheel, why),
  });
}

function unavailable({ distribution, version }: CudaWheel, why: string): Complaint {
  return new Complaint(
    `${distribution} ${version} could not be fetched\n${why}`,
    "install Python 3 with pip (or uv), check the connection, and run the same command again: " +
      "it keeps the packages that are complete. Or install tensorflow[and-cuda] 2.21 in an active " +
      "Python environment",
    { exitCode: 1 },
  );
}

/** What is to be unpacked, and the largest wheel, of which pip holds two copies for a moment. */
function requireSpace(
  missing: readonly CudaWheel[],
  folder: string,
  freeBytes: (folder: string) => number,
): void {
  const needed = total(missing, "unpacked") + 2 * Math.max(...missing.map(({ bytes }) => bytes));
  const free = freeBytes(folder);
  if (needed <= free) return;
  throw new Complaint(
    `fetching them needs ${gigabytes(needed)} GB of disk space, and ${gigabytes(free)} GB are free`,
    "free some space, or name a folder on another disk with XDG_CACHE_HOME",
    { place: { file: folder }, exitCode: 1 },
  );
}

function total(wheels: readonly CudaWheel[], name: "bytes" | "unpacked"): number {
  return wheels.reduce((sum, wheel) => sum + wheel[name], 0);
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}

/**
 * Fetches libtensorflow: the pinned wheel by pip or uv, which check its SHA-256, then its two shared
 * objects into the cache folder by one rename. No Python runs after that.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { Progress } from "../../../pipeline/contract/progress.ts";
import { fetchWheel } from "../../../pipeline/fetch/package_fetch.ts";
import { fetchedFolder, pinnedVersion, pinnedWheel } from "./release.ts";
import type { SearchedPlace } from "./search_library.ts";

/** @param searched what was searched before, for the error when fetching is impossible too */
export async function fetchLibrary(
  progress: Progress,
  searched: readonly SearchedPlace[],
): Promise<void> {
  const wheel = pinnedWheel();
  if (wheel === undefined) {
    throw unavailable(searched, `no wheel is published for ${Deno.build.os} on ${Deno.build.arch}`);
  }
  await fetchWheel(wheel, fetchedFolder(), {
    progress,
    unavailable: (why) => unavailable(searched, why),
  });
}

/** No library and no way to one: every place that was searched, and the command that mends it. */
export function unavailable(searched: readonly SearchedPlace[], why: string): Complaint {
  const places = searched.map(({ place, verdict }) => `    ${place}: ${verdict}`);
  return new Complaint(
    [`libtensorflow ${pinnedVersion} was not found and could not be fetched`, ...places, why].join(
      "\n",
    ),
    `install Python 3 with pip (or uv) and run again, or fetch it yourself: ` +
      `pip download --no-deps ${pinnedWheel()?.distribution ?? "tensorflow"}==${pinnedVersion}, ` +
      `unzip the wheel, and set TENSORFLOW_LIBRARY to its folder tensorflow`,
    { exitCode: 1 },
  );
}

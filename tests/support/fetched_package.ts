/** A published package for tests: fetched once into the user's cache, or skipped where it cannot be. */
import {
  cacheFolder,
  type PinnedPackage,
  wheelFolder,
} from "../../pipeline/contract/pinned_package.ts";
import { fetchPackage } from "../../pipeline/fetch/package_fetch.ts";
import { Complaint } from "../../pipeline/contract/complaint.ts";

/** @returns its folder, or undefined, with a word, where there is no way to it */
export async function fetchedPackage(pinned: PinnedPackage): Promise<string | undefined> {
  const folder = wheelFolder(pinned, cacheFolder((name) => Deno.env.get(name)));
  try {
    await fetchPackage(pinned, folder, {
      progress: { report() {}, say: (line) => console.error(line) },
      unavailable: (why) => new Complaint(why, "connect to a package index"),
    });
    return folder;
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    console.error(
      `${pinned.distribution} cannot be fetched, tests of it are skipped: ${error.what}`,
    );
    return undefined;
  }
}

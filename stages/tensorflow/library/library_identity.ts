import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { foundContent } from "../../../pipeline/fetch/package_content.ts";
import { cacheFolder } from "../../../pipeline/contract/pinned_package.ts";
import { cudaWheels } from "./cuda_release.ts";
import { pinnedVersion, pinnedWheel } from "./release.ts";
import { type FoundLibrary, setupPlace } from "./search_library.ts";

/** The published build for GPUs. */
const cudaIdentity = `${pinnedVersion}-cuda`;

/**
 * What identifies a library in keys: the version of the published build that this program fetches, or
 * the digest of another build, even one that has the same version. Where the library is and when it
 * was written do not matter.
 *
 * @param found undefined if the published build has still to be fetched
 */
export async function libraryIdentity(
  found: FoundLibrary | undefined,
  environment: Pick<typeof Deno.env, "get"> = Deno.env,
): Promise<string> {
  // What was fetched is checked before it computes, and fetched again if it is damaged.
  if (found === undefined || found.place === "fetched") return pinnedVersion;
  if (found.place === setupPlace) return cudaIdentity;
  const { library, framework } = filesOf(found);
  const [libraryName, frameworkName] = pinnedWheel()?.files.map((path) => basename(path)) ?? [];
  const content = await foundContent({
    [libraryName ?? "library"]: library,
    ...(framework !== undefined && { [frameworkName ?? "framework"]: framework }),
  }, digestsFile(found.path, environment));
  if (content === pinnedWheel()?.content) return pinnedVersion;
  return content === cudaWheels()[0]?.content ? cudaIdentity : `build ${content.slice(0, 12)}`;
}

/** Digests of a library, in the user's cache by its place: its own folder may be read-only. */
export function digestsFile(path: string, environment: Pick<typeof Deno.env, "get">): string {
  const place = createHash("sha256").update(path).digest("hex").slice(0, 12);
  return `${cacheFolder((name) => environment.get(name))}/library-${place}.digests.json`;
}

/** The files that a library consists of. */
export function libraryFiles(library: Pick<FoundLibrary, "path">): string[] {
  const { library: path, framework } = filesOf(library);
  return framework === undefined ? [path] : [path, framework];
}

/** The library, and the framework that it is linked to, which is in the same folder. */
function filesOf({ path }: Pick<FoundLibrary, "path">): { library: string; framework?: string } {
  const start = "libtensorflow_framework.";
  const ending = basename(path).replace(/^libtensorflow_cc\./, "");
  const names = namesIn(dirname(path)).filter((name) => name.startsWith(start));
  const name = names.find((name) => name === start + ending) ?? names[0];
  return { library: path, ...(name !== undefined && { framework: `${dirname(path)}/${name}` }) };
}

function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** The folders that contain a library, also where its files are links. */
export function libraryFolders(found: FoundLibrary): string[] {
  const paths = libraryFiles(found);
  return [...new Set([...paths, ...paths.map((path) => Deno.realPathSync(path))].map(dirname))];
}

/**
 * Searches the places where libtensorflow may be. Nothing is opened or run, so this is fast enough for
 * planning.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { cudaWheels, fetchedCudaFolder, folderOf } from "./cuda_release.ts";
import { visibleGpus } from "./gpus.ts";
import { fetchedFolder, pinnedVersion, requiredVersion } from "./release.ts";

export interface FoundLibrary {
  /** Absolute path of libtensorflow_cc. */
  readonly path: string;
  /** Which of the places it is, for messages. */
  readonly place: string;
  /** If the folders around it show it. */
  readonly version?: string;
}

/** A place that was searched, and why nothing there was used. */
export interface SearchedPlace {
  readonly place: string;
  readonly verdict: string;
}

export type SearchResult =
  | { readonly found: FoundLibrary; readonly searched: readonly SearchedPlace[] }
  | { readonly found?: never; readonly searched: readonly SearchedPlace[] };

const libraryNames = Deno.build.os === "darwin"
  ? ["libtensorflow_cc.2.dylib", "libtensorflow_cc.dylib"]
  : ["libtensorflow_cc.so.2", "libtensorflow_cc.so"];

/**
 * In this order: TENSORFLOW_LIBRARY, an active Python environment's, the build for GPUs that `setup`
 * has fetched if a GPU is visible, the fetched build for CPUs, the system's.
 */
export function searchLibrary(
  environment: Pick<typeof Deno.env, "get"> = Deno.env,
  gpus: readonly string[] = visibleGpus(environment),
): SearchResult {
  const named = environment.get("TENSORFLOW_LIBRARY");
  if (named !== undefined && named !== "") return { found: namedLibrary(named), searched: [] };
  const searched: SearchedPlace[] = [{ place: "TENSORFLOW_LIBRARY", verdict: "not set" }];
  for (const { place, folder, version, unusable } of places(environment, gpus)) {
    if (folder === undefined) {
      searched.push({ place, verdict: "not set" });
      continue;
    }
    if (unusable !== undefined) {
      searched.push({ place: `${place}: ${folder}`, verdict: unusable });
      continue;
    }
    const path = libraryIn(folder);
    if (path === undefined) searched.push({ place: `${place}: ${folder}`, verdict: "not found" });
    else if (version !== undefined && !version.startsWith(requiredVersion)) {
      const verdict = `has version ${version}, not ${requiredVersion}x`;
      searched.push({ place: `${place}: ${folder}`, verdict });
    } else {
      return { found: { path, place, ...(version === undefined ? {} : { version }) }, searched };
    }
  }
  return { searched };
}

function namedLibrary(named: string): FoundLibrary {
  const path = isFile(named) ? named : libraryIn(named);
  if (path === undefined) {
    throw new Complaint(
      `TENSORFLOW_LIBRARY is ${named}, which has no ${libraryNames[0]}`,
      "set it to the library file or its folder, or unset it to have the library found or fetched",
    );
  }
  return { path: Deno.realPathSync(path), place: "TENSORFLOW_LIBRARY" };
}

interface Candidate {
  readonly place: string;
  /** Undefined if the variable that would name it is not set. */
  readonly folder: string | undefined;
  readonly version?: string;
  /** Why it is not used, whatever it holds. */
  readonly unusable?: string;
}

function* places(
  environment: Pick<typeof Deno.env, "get">,
  gpus: readonly string[],
): Generator<Candidate> {
  for (const variable of ["VIRTUAL_ENV", "CONDA_PREFIX"]) {
    const prefix = environment.get(variable);
    if (prefix !== undefined && prefix !== "") {
      yield* pythonPackages(`${prefix}/lib`, `Python environment ${variable}`);
    } else yield { place: `Python environment ${variable}`, folder: undefined };
  }
  yield cudaCopy(environment, gpus);
  yield { place: "fetched", folder: fetchedFolder(environment), version: pinnedVersion };
  for (const prefix of ["/usr/local/lib", "/usr/lib", "/opt/homebrew/lib"]) {
    yield* pythonPackages(prefix, "system Python");
  }
  const path = environment.get("LD_LIBRARY_PATH") ?? "";
  for (const folder of path.split(":").filter((part) => part !== "")) {
    yield { place: "LD_LIBRARY_PATH", folder };
  }
  for (const folder of ["/usr/local/lib", "/usr/lib", "/usr/lib/x86_64-linux-gnu"]) {
    yield { place: "system", folder };
  }
}

/** The place of what `setup --gpu` has fetched. */
export const setupPlace = "setup --gpu";

function cudaCopy(
  environment: Pick<typeof Deno.env, "get">,
  gpus: readonly string[],
): Candidate {
  const all = cudaWheels().map((wheel) => folderOf(wheel, environment));
  const there = all.filter(isFolder).length;
  const unusable = there === 0
    ? "not found"
    : there < all.length
    ? `incomplete (${there} of ${all.length} packages); complete it with: deno task setup --gpu`
    : gpus.length === 0
    ? "not used, as no GPU is visible"
    : undefined;
  return {
    place: setupPlace,
    folder: all[0] ?? fetchedCudaFolder(environment),
    version: pinnedVersion,
    ...(unusable !== undefined && { unusable }),
  };
}

/** `tensorflow` folders in the site-packages below `lib`, with the version of their dist-info. */
function* pythonPackages(lib: string, place: string): Generator<Candidate> {
  let found = false;
  for (const python of folderNames(lib).filter((name) => /^python3(\.\d+)?$/.test(name))) {
    for (const packages of ["site-packages", "dist-packages"]) {
      const folder = `${lib}/${python}/${packages}`;
      const names = folderNames(folder);
      if (!names.includes("tensorflow")) continue;
      found = true;
      const info = names.map((name) =>
        /^tensorflow(?:_cpu|_intel|_macos)?-(.+)\.dist-info$/.exec(name)
      );
      const version = info.find((match) => match !== null)?.[1];
      yield {
        place,
        folder: `${folder}/tensorflow`,
        ...(version === undefined ? {} : { version }),
      };
    }
  }
  if (!found) yield { place, folder: `${lib}/python3*/{site,dist}-packages/tensorflow` };
}

function libraryIn(folder: string): string | undefined {
  return libraryNames.map((name) => `${folder}/${name}`).find(isFile);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Names of all that is in a folder, sorted; none if it cannot be read. */
export function folderNames(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), (entry) => entry.name).sort();
  } catch {
    return [];
  }
}

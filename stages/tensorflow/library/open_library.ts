/**
 * Finds, fetches and opens libtensorflow. It is fetched by pip or uv, which check the SHA-256 of the
 * pinned wheel; its two shared objects are then moved into the cache folder by one rename. No Python
 * runs after that.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { Progress } from "../../../pipeline/contract/progress.ts";
import { fetchPackage } from "../../../pipeline/fetch/package_fetch.ts";
import { Native } from "../runtime/native.ts";
import { compiledFolder } from "./compiled_folder.ts";
import { checkCuda } from "./fetch_cuda.ts";
import { fetchedFolder, pinnedVersion, pinnedWheel, requiredVersion } from "./release.ts";
import { type SearchedPlace, searchLibrary, setupPlace } from "./search_library.ts";
import { variablesFor } from "./variables.ts";

/** Fetches the library unless one is found. What was fetched earlier is checked. */
export async function ensureLibrary(progress: Progress): Promise<void> {
  const { found, searched } = searchLibrary();
  if (found?.place === setupPlace) return await checkCuda(progress);
  if (found !== undefined && found.place !== "fetched") return;
  const wheel = pinnedWheel();
  if (wheel === undefined) {
    throw unavailable(searched, `no wheel is published for ${Deno.build.os} on ${Deno.build.arch}`);
  }
  await fetchPackage(wheel, fetchedFolder(), {
    progress,
    unavailable: (why) => unavailable(searched, why),
  });
}

/** No library was found and none can be fetched: every place that was searched, and what to do. */
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

export interface OpenedLibrary {
  readonly native: Native;
  /** Where functions that XLA compiles are kept for other processes; undefined if nowhere. */
  readonly compiledFolder: string | undefined;
}

/** Opens the library that is found, once per process. */
export function openLibrary(): OpenedLibrary {
  return opened ??= open();
}
let opened: OpenedLibrary | undefined;

function open(): OpenedLibrary {
  const { found, searched } = searchLibrary();
  if (found === undefined) throw unavailable(searched, "it has not been fetched yet");
  setVariables(found.path);
  const native = openNative(found.path);
  if (!native.version.startsWith(requiredVersion)) {
    throw new Complaint(
      `${found.path} is TensorFlow ${native.version}; ${requiredVersion}x is required`,
      found.place === "TENSORFLOW_LIBRARY"
        ? "unset TENSORFLOW_LIBRARY to have the right version found or fetched"
        : "install the right version there, or remove it to have it fetched",
    );
  }
  return { native, compiledFolder: compiledFolder(found) };
}

function openNative(path: string): Native {
  try {
    return new Native(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Complaint(
      `${path} cannot be opened as TensorFlow's C library: ${message}`,
      "it needs libtensorflow_framework of the same version in its folder; " +
        "unset TENSORFLOW_LIBRARY or remove the file to have the right one found or fetched",
      { cause: error },
    );
  }
}

/** Variables that TensorFlow reads when it is opened. Those that the user has set are left alone. */
function setVariables(libraryPath: string): void {
  for (const [name, value] of Object.entries(variablesFor(libraryPath))) Deno.env.set(name, value);
}

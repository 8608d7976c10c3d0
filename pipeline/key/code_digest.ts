/**
 * What a stage's code is, without what does not decide results: the stage's file and every local
 * module that it imports, statically or not, bundled by esbuild with comments, formatting, types
 * and unused functions taken out; and the versions of the packages it imports, from deno.lock.
 */
import { fromFileUrl, relativePath } from "../disk/file_path.ts";
import { canonicalDigest } from "../disk/canonical.ts";
import { type Bundle, bundleStage } from "./code_bundle.ts";
import { packageVersions } from "./package_versions.ts";

/** Digests by stage file, with the state of each file that went into them. */
export interface CodeCache {
  [stageFile: string]: {
    readonly digest: string;
    /** `name@version` of every package that it needs; missing in caches of old. */
    readonly versions?: readonly string[];
    /** Path from the project's root -> size, modification and inode, as text. */
    readonly files: Readonly<Record<string, string>>;
  };
}

/**
 * The digest of each stage file. What is in the cache and unchanged on disk is not bundled again,
 * so that with nothing to do esbuild is never loaded.
 *
 * @param stageFiles URLs of stage files
 * @param root URL of the project, with deno.json and deno.lock
 * @param cache is brought up to date
 */
export async function codeDigests(
  stageFiles: readonly URL[],
  { root, cache }: { root: URL; cache: CodeCache },
): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  const rootPath = fromFileUrl(root);
  const stateOf = (path: string): string => {
    const known = states.get(path);
    if (known !== undefined) return known;
    const state = fileState(`${rootPath}/${path}`);
    states.set(path, state);
    return state;
  };
  const digests = new Map<string, string>();
  const stale: { url: URL; path: string }[] = [];
  for (const url of stageFiles) {
    const path = relativePath(rootPath, fromFileUrl(url));
    const known = cache[path];
    const fresh = known?.versions !== undefined &&
      Object.entries(known.files).every(([file, state]) => stateOf(file) === state);
    if (fresh) digests.set(url.href, known.digest);
    else stale.push({ url, path });
  }
  if (stale.length === 0) return digests;
  const bundles = await bundleAll(stale.map(({ path }) => path), rootPath);
  for (const [index, { url, path }] of stale.entries()) {
    const { text, packages, files } = bundles[index]!;
    const versions = packageVersions(packages, {
      configuration: readJson(`${rootPath}/deno.json`),
      lock: readJson(`${rootPath}/deno.lock`),
    });
    const digest = canonicalDigest(["code", text, versions]);
    digests.set(url.href, digest);
    const inputs = [...files, "deno.json", "deno.lock"];
    cache[path] = {
      digest,
      versions,
      files: Object.fromEntries(inputs.map((file) => [file, stateOf(file)])),
    };
  }
  return digests;
}

/** Text that changes when the file does, as far as its directory entry tells; empty without a file. */
export function fileState(path: string): string {
  try {
    const { size, mtime, ctime, ino } = Deno.statSync(path);
    return `${size} ${mtime?.getTime()} ${ctime?.getTime()} ${ino}`;
  } catch {
    return "";
  }
}

async function bundleAll(paths: readonly string[], rootPath: string): Promise<Bundle[]> {
  const esbuild = await import("esbuild");
  try {
    const bundles: Bundle[] = [];
    for (const path of paths) bundles.push(await bundleStage(esbuild, path, { root: rootPath }));
    return bundles;
  } finally {
    await esbuild.stop();
  }
}

function readJson(path: string): Record<string, unknown> {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch {
    return {};
  }
}

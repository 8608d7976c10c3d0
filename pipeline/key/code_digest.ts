/**
 * The digest of a stage's code: of the stage's file and every local module that it imports, without
 * comments, formatting, types, unused functions and paths (module_graph.ts), and of the versions of
 * the packages it imports, from deno.lock.
 */
import { readIfThere } from "../disk/read_if_there.ts";
import { fromFileUrl, relativePath } from "../disk/file_path.ts";
import { canonicalDigest } from "../disk/canonical.ts";
import { graphDigest, type ModuleGraph, moduleGraph } from "./module_graph.ts";
import { packageVersions } from "./package_versions.ts";

/** Digests by stage file, with the state of each file that went into them. */
export interface CodeCache {
  [stageFile: string]: {
    /** Of the rule by which the digest was computed; missing in caches of earlier versions. */
    readonly rule?: number;
    readonly digest: string;
    /** `name@version` of every package that it needs. */
    readonly versions: readonly string[];
    /** Path from the project's root -> size, modification and inode, as text. */
    readonly files: Readonly<Record<string, string>>;
  };
}

/** Raised when the same code gets another digest than before. */
const rule = 2;

/**
 * The digest of each stage file. What is in the cache and unchanged on disk is not read again,
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
    const fresh = known?.rule === rule &&
      Object.entries(known.files).every(([file, state]) => stateOf(file) === state);
    if (fresh) digests.set(url.href, known.digest);
    else stale.push({ url, path });
  }
  if (stale.length === 0) return digests;
  const graphs = await readGraphs(stale.map(({ path }) => path), rootPath);
  for (const [index, { url, path }] of stale.entries()) {
    const graph = graphs[index]!;
    const packages = [...graph.modules.values()].flatMap(({ packages }) => packages);
    const versions = packageVersions([...new Set(packages)], {
      configuration: readJson(`${rootPath}/deno.json`),
      lock: readJson(`${rootPath}/deno.lock`),
    });
    const digest = canonicalDigest(["code", graphDigest(graph), versions]);
    digests.set(url.href, digest);
    const inputs = [...[...graph.modules.keys()].sort(), "deno.json", "deno.lock"];
    cache[path] = {
      rule,
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

async function readGraphs(paths: readonly string[], rootPath: string): Promise<ModuleGraph[]> {
  const esbuild = await import("esbuild");
  const texts = new Map<string, string | undefined>();
  const read = (path: string) => {
    if (!texts.has(path)) texts.set(path, readIfThere(`${rootPath}/${path}`));
    return texts.get(path);
  };
  const cache = new Map();
  try {
    const graphs: ModuleGraph[] = [];
    for (const path of paths) graphs.push(await moduleGraph(esbuild, path, { read }, cache));
    return graphs;
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

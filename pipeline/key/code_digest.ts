/**
 * The digest of a stage's code: of the stage's file and every local module that it imports, without
 * comments, formatting, types, unused functions and paths (module_graph.ts), and of the versions of
 * the packages it imports, from deno.lock.
 */
import * as v from "valibot";
import { Complaint } from "../contract/complaint.ts";
import { readIfThere } from "../disk/read_if_there.ts";
import { fileLooks, fileState, type Look, waitForTick } from "../disk/file_state.ts";
import { fromFileUrl, relativePath } from "../disk/file_path.ts";
import { canonicalDigest } from "../disk/canonical.ts";
import type { StoredSchema } from "../disk/stored_json.ts";
import { graphDigest, type ModuleGraph, moduleGraph } from "./module_graph.ts";
import { packageVersions } from "./package_versions.ts";

/** Digests by stage file, with the state of each file that went into them. */
export interface CodeCache {
  [stageFile: string]: {
    /** Of the rule by which the digest was computed; missing in the oldest caches. */
    readonly rule?: number;
    readonly digest: string;
    /** `name@version` of every package that it needs. */
    readonly versions: readonly string[];
    /** Path from the project's root -> size, modification and inode, as text. */
    readonly files: Readonly<Record<string, string>>;
  };
}

export const codeCacheSchema = v.record(
  v.string(),
  v.looseObject({
    rule: v.optional(v.number()),
    digest: v.string(),
    versions: v.optional(v.array(v.string())),
    files: v.record(v.string(), v.string()),
  }),
) as unknown as StoredSchema<CodeCache>;

type Entry = CodeCache[string];

/** Raised when digests in the caches of earlier versions must be computed again. */
const rule = 3;

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
  const rootPath = fromFileUrl(root);
  const stateOf = memoised((path) => fileState(`${rootPath}/${path}`));
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
  const entries = await readSettled(stale.map(({ path }) => path), rootPath);
  for (const [index, { url, path }] of stale.entries()) {
    const entry = entries[index]!;
    digests.set(url.href, entry.digest);
    cache[path] = entry;
  }
  return digests;
}

/** Reads code until none of it has changed while or just before it was read. */
async function readSettled(paths: readonly string[], rootPath: string): Promise<Entry[]> {
  const look = fileLooks();
  for (let round = 0; round < mostRounds; round++) {
    const seen = memoised((path) => look(`${rootPath}/${path}`));
    const entries = await readEntries(paths, rootPath, seen);
    const files = [...new Set(entries.flatMap((entry) => Object.entries(entry.files)))];
    const same = files.every(([path, state]) =>
      seen(path).settled && fileState(`${rootPath}/${path}`) === state
    );
    if (same) return entries;
    await waitForTick();
  }
  throw new Complaint(
    "the code of the stages changes while it is read",
    "wait until nothing writes to its files any more, and run again",
    { place: { file: rootPath }, exitCode: 1 },
  );
}

const mostRounds = 100;

/** @param look is called before a file is read */
async function readEntries(
  paths: readonly string[],
  rootPath: string,
  look: (path: string) => Look,
): Promise<Entry[]> {
  const read = memoised((path) => {
    look(path);
    return readIfThere(`${rootPath}/${path}`);
  });
  const configuration = parsed(read("deno.json"));
  const lock = parsed(read("deno.lock"));
  return (await readGraphs(paths, read)).map((graph) => {
    const packages = [...graph.modules.values()].flatMap(({ packages }) => packages);
    const versions = packageVersions([...new Set(packages)], { configuration, lock });
    const files = [...[...graph.modules.keys()].sort(), "deno.json", "deno.lock"];
    return {
      rule,
      digest: canonicalDigest(["code", graphDigest(graph), versions]),
      versions,
      files: Object.fromEntries(files.map((file) => [file, look(file).state])),
    };
  });
}

async function readGraphs(
  paths: readonly string[],
  read: (path: string) => string | undefined,
): Promise<ModuleGraph[]> {
  const esbuild = await import("esbuild");
  const cache = new Map();
  try {
    const graphs: ModuleGraph[] = [];
    for (const path of paths) graphs.push(await moduleGraph(esbuild, path, { read }, cache));
    return graphs;
  } finally {
    await esbuild.stop();
  }
}

function memoised<Value>(compute: (path: string) => Value): (path: string) => Value {
  const known = new Map<string, Value>();
  return (path) => {
    if (!known.has(path)) known.set(path, compute(path));
    return known.get(path)!;
  };
}

function parsed(text: string | undefined): Record<string, unknown> {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
}

/**
 * Outside files: files outside the project that an experiment reads, such as data sets and
 * checkpoints. Their content is part of the key and their path is not, so moving a data set reruns
 * nothing and changing it does. The results folder caches digests by size, time and inode, so that
 * tens of gigabytes are read only once.
 */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { canonicalDigest } from "../disk/canonical.ts";
import { Complaint } from "../contract/complaint.ts";
import { fileLooks, type FileState, fileState, waitForTick } from "../disk/file_state.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import type { Progress } from "../contract/progress.ts";
import type { OutsideFile } from "../contract/stage.ts";
import type { StoredSchema } from "../disk/stored_json.ts";
import { wheelFolder } from "../contract/pinned_package.ts";

/** Absolute path -> digest of the content. */
export interface OutsideCache {
  [path: string]: { readonly state: string; readonly sha256: string };
}

export const outsideCacheSchema = v.record(
  v.string(),
  v.looseObject({ state: v.string(), sha256: v.string() }),
) as unknown as StoredSchema<OutsideCache>;

/** Label of a node -> role -> digest. Nodes with missing files are omitted. */
export type OutsideDigests = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * Finds all outside files of the nodes and computes their digests.
 *
 * @param nodes all nodes of the experiment
 * @param options.needed the nodes whose files must exist
 * @param options.experiment file of the experiment, for the message
 * @param options.cache is updated
 * @param options.keep called after a large file was read
 * @throws Complaint that lists all missing files, what they are, and where they come from
 */
export async function outsideDigests(
  nodes: readonly GraphNode[],
  { needed, experiment, cache, progress, keep }: {
    needed: readonly GraphNode[];
    experiment: string;
    cache: OutsideCache;
    progress: () => Progress;
    keep: () => void;
  },
): Promise<OutsideDigests> {
  const missing = needed.flatMap((node) =>
    node.outside.filter((file) => partsOf(file) === undefined).map((file) => ({ node, file }))
  );
  if (missing.length > 0) throw missingFiles(missing, experiment);
  const complete = nodes.filter(({ outside }) =>
    outside.length > 0 && outside.every((file) => partsOf(file) !== undefined)
  );
  const reader = await contentReader(complete, { cache, progress, keep });
  const digests = new Map<string, Record<string, string>>();
  for (const node of complete) {
    const roles: Record<string, string> = {};
    for (const file of node.outside) {
      const contents: [string, string][] = [];
      for (const { name, path } of partsOf(file) ?? []) {
        contents.push([name, await reader.digest(path)]);
      }
      roles[file.role] = canonicalDigest(["outside", contents]);
    }
    digests.set(node.label, roles);
  }
  reader.done();
  return digests;
}

/**
 * Role -> absolute path, which a stage receives as `files`.
 *
 * @param cache the folder of fetched packages
 */
export function outsidePaths(
  { outside, packages }: GraphNode,
  cache: string,
): Record<string, string> {
  return Object.fromEntries([
    ...outside.map(({ role, path }) => [role, path]),
    ...Object.entries(packages).map(([role, wheel]) => [role, wheelFolder(wheel, cache)]),
  ]);
}

/** All outside files of a node, with their state when their digests were computed. */
export function outsideStates({ outside }: GraphNode, cache: OutsideCache): FileState[] {
  return outside.flatMap((file) => partsOf(file) ?? [])
    .map(({ path }) => ({ path, state: cache[path]?.state ?? "" }));
}

/** @throws Complaint when a file has changed since its digest was computed */
export function requireUnchanged(states: readonly FileState[]): void {
  const changed = states.find(({ path, state }) => stateOf(path) !== state);
  if (changed !== undefined) throw changedFile(changed.path);
}

function changedFile(path: string): Complaint {
  return new Complaint(
    "a file outside the project has changed since the run started, so results would not match its key",
    "do not change these files during a run, and run again",
    { place: { file: path }, exitCode: 1 },
  );
}

interface Part {
  /** Relative to the folder; empty for a single file, whose name does not affect results. */
  readonly name: string;
  readonly path: string;
}

/** The files to read, sorted by name; undefined unless all of them exist. */
export function partsOf({ path, anyOf, ending = "", file }: OutsideFile): Part[] | undefined {
  const stat = statOf(path);
  if (stat === undefined) return undefined;
  if (anyOf !== undefined) {
    const set = anyOf.find((names) => names.every((name) => statOf(`${path}/${name}`)?.isFile));
    return set?.toSorted().map((name) => ({ name, path: `${path}/${name}` }));
  }
  if (stat.isFile) return [{ name: "", path }];
  if (!stat.isDirectory || file === true) return undefined;
  const parts = namesIn(path)
    .filter((name) => name.endsWith(ending) && statOf(`${path}/${name}`)?.isFile)
    .map((name) => ({ name, path: `${path}/${name}` }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  return parts.length === 0 ? undefined : parts;
}

/** Undefined if the path does not exist; an existing path that cannot be examined is an error. */
function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    const code = (error as { code?: string }).code ?? "";
    if (error instanceof Deno.errors.NotFound || ["ENOENT", "ENOTDIR"].includes(code)) {
      return undefined;
    }
    throw unreadable(path, error);
  }
}

function namesIn(path: string): string[] {
  try {
    return Array.from(Deno.readDirSync(path), ({ name }) => name);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function stateOf(path: string): string {
  try {
    return fileState(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): Complaint {
  return new Complaint(
    `a file outside the project cannot be read: ${(cause as Error).message}`,
    "grant this user read permission, and check the disk",
    { place: { file: path }, cause },
  );
}

/** Size from which a file takes so long to read that its digest is cached at once. */
const largeFile = 64e6;

/** Reads each file at most once, and only if its directory entry has changed. */
async function contentReader(
  nodes: readonly GraphNode[],
  { cache, progress, keep }: { cache: OutsideCache; progress: () => Progress; keep: () => void },
) {
  const paths = new Set(
    nodes.flatMap(({ outside }) => outside.flatMap((file) => partsOf(file) ?? []))
      .map(({ path }) => path),
  );
  const stale = [...paths].filter((path) => cache[path]?.state !== stateOf(path));
  const settled = await settledStates(stale);
  const total = stale.reduce((sum, path) => sum + (statOf(path)?.size ?? 0), 0);
  const shown = total > 200e6 ? progress() : undefined;
  let done = 0;
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  return {
    async digest(path: string): Promise<string> {
      const known = cache[path];
      if (known?.state === stateOf(path)) return known.sha256;
      const state = settled.get(path);
      if (state === undefined) throw changedFile(path); // it was unchanged a moment ago
      const sha256 = await contentDigest(path, (bytes) => {
        done += bytes;
        // Stays below the total, because a complete report ends the line and more files may follow.
        shown?.report(Math.min(megabytes(done), megabytes(total) - 1), megabytes(total), "MB");
      });
      requireUnchanged([{ path, state }]);
      cache[path] = { state, sha256 };
      if ((statOf(path)?.size ?? 0) > largeFile) keep();
      return sha256;
    },
    done: () => shown?.report(megabytes(total), megabytes(total), "MB"),
  };
}

/** The states of files, once none of them can change any more without a change of its state. */
async function settledStates(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const look = fileLooks();
  const settled = new Map<string, string>();
  for (let round = 0; round < mostRounds; round++) {
    for (const path of paths) {
      if (settled.has(path)) continue;
      const now = look(path);
      if (now.settled) settled.set(path, now.state);
    }
    if (settled.size === paths.length) return settled;
    await waitForTick();
  }
  throw changedFile(paths.find((path) => !settled.has(path))!);
}

/** More than it takes until a file that nobody writes is settled. */
const mostRounds = 100;

async function contentDigest(path: string, read: (bytes: number) => void): Promise<string> {
  const hash = createHash("sha256");
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(1 << 22);
    for (let got = await file.read(buffer); got !== null; got = await file.read(buffer)) {
      hash.update(buffer.subarray(0, got));
      read(got);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  return hash.digest("hex");
}

function missingFiles(
  missing: readonly { readonly node: GraphNode; readonly file: OutsideFile }[],
  experiment: string,
): Complaint {
  const byStage = Map.groupBy(missing, ({ node }) => node.stage);
  const seen = new Set<string>();
  const lines = [...byStage].flatMap(([stage, items]) => {
    const unseen = items.filter(({ file }) => !seen.has(file.path) && seen.add(file.path));
    return unseen.length === 0 ? [] : [
      `  stage \`${stage}\` reads`,
      ...unseen.flatMap(({ file }) => [
        `    ${missingText(file)}`,
        `      ${[file.what, file.size, file.published].filter(Boolean).join("; ")}`,
      ]),
    ];
  });
  const options = new Set(missing.flatMap(({ node, file }) => settingsFor(node, file)));
  const what = seen.size === 1
    ? "a file outside the project is missing"
    : `${seen.size} files outside the project are missing`;
  return new Complaint(
    [what, ...lines].join("\n"),
    [
      `put them there, or set their location: ${[...options].join(", ")}`,
      "     experiments/scenes_iais.yaml needs no files outside the project",
    ].join("\n"),
    { place: { file: experiment } },
  );
}

/** The command line options that set the location of a file. */
export function settingsFor(
  { stage, definition, parameters }: GraphNode,
  file: OutsideFile,
): string[] {
  return (definition.paths ?? [])
    .filter((name) => {
      const path = parameters[name];
      return typeof path === "string" &&
        (file.path === path || file.path.startsWith(`${path}/`));
    })
    .map((name) => `--set ${stage}.${name}=PATH`);
}

/** The path of a missing file; for an existing folder, also what it is missing and what it contains. */
export function missingText({ path, anyOf, ending, file }: OutsideFile): string {
  const stat = statOf(path);
  if (stat === undefined) return path;
  if (file === true) return `${path} (which is a folder, not a file)`;
  if (anyOf === undefined) return `${path}: no file *${ending ?? ""}`;
  const missing = anyOf[0]!.filter((name) => statOf(`${path}/${name}`) === undefined);
  const present = stat.isDirectory ? namesIn(path).sort().slice(0, 6) : [];
  return `${path}: ${missing.join(", ")}` +
    (present.length > 0 ? ` (it contains ${present.join(", ")})` : "");
}

/**
 * Files from outside the project that an experiment reads: data sets, checkpoints. What is in them is
 * part of the key, where they lie is not, so that a moved data set reruns nothing and a changed one
 * does. Digests are kept in the results folder by size, time and inode: tens of gigabytes are read once.
 */
import { createHash } from "node:crypto";
import { canonicalDigest } from "../disk/canonical.ts";
import { Complaint } from "../contract/complaint.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import type { Progress } from "../contract/progress.ts";
import type { OutsideFile } from "../contract/stage.ts";
import { wheelFolder } from "../contract/pinned_package.ts";

/** Digests of contents by absolute path. */
export interface OutsideCache {
  [path: string]: { readonly state: string; readonly sha256: string };
}

/** Label of a node -> role -> digest of what it reads there. Nodes whose files are not there lack. */
export type OutsideDigests = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** A file as its directory entry tells. */
export interface FileState {
  readonly path: string;
  /** Text that changes when the file does. */
  readonly state: string;
}

/**
 * Looks for everything that nodes read from outside, and takes its digest.
 *
 * @param nodes all of them; of those that are not needed, files may be missing
 * @param options.experiment file of the experiment, for the message
 * @param options.cache is brought up to date
 * @param options.keep called when a large file has been read
 * @throws Complaint that names everything that is missing, what it is, and where it comes from
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
  const there = nodes.filter(({ outside }) =>
    outside.length > 0 && outside.every((file) => partsOf(file) !== undefined)
  );
  const reader = contentReader(there, { cache, progress, keep });
  const digests = new Map<string, Record<string, string>>();
  for (const node of there) {
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
 * Absolute path per role: what a stage finds as `files`.
 *
 * @param cache where packages are fetched to
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

/** Every file that a node reads from outside, as it was when its digest was taken. */
export function outsideStates({ outside }: GraphNode, cache: OutsideCache): FileState[] {
  return outside.flatMap((file) => partsOf(file) ?? [])
    .map(({ path }) => ({ path, state: cache[path]?.state ?? "" }));
}

/** @throws Complaint when a file is no longer as it was when its digest was taken */
export function requireUnchanged(states: readonly FileState[]): void {
  const changed = states.find(({ path, state }) => stateOf(path) !== state);
  if (changed === undefined) return;
  throw new Complaint(
    "a file from outside has changed since the run began, so that results would not be of its key",
    "leave such files alone while a run goes on, and run again",
    { place: { file: changed.path }, exitCode: 1 },
  );
}

interface Part {
  /** From the folder; empty for a file that is named itself, whose name decides nothing. */
  readonly name: string;
  readonly path: string;
}

/** The files that are meant, sorted by name; undefined when they are not all there. */
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

/** Undefined where nothing is; what is there and may not be looked at is an error. */
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
  const stat = statOf(path);
  if (stat === undefined) return "gone";
  const { size, mtime, ctime, ino } = stat;
  return `${size} ${mtime?.getTime()} ${ctime?.getTime()} ${ino}`;
}

function unreadable(path: string, cause: unknown): Complaint {
  return new Complaint(
    `what lies outside cannot be read: ${(cause as Error).message}`,
    "let this user read it, and check the disk",
    { place: { file: path }, cause },
  );
}

/** A file that takes long enough to read that its digest is kept at once. */
const largeFile = 64e6;

/** Reads each file at most once, and none whose directory entry is as it was. */
function contentReader(
  nodes: readonly GraphNode[],
  { cache, progress, keep }: { cache: OutsideCache; progress: () => Progress; keep: () => void },
) {
  const paths = new Set(
    nodes.flatMap(({ outside }) => outside.flatMap((file) => partsOf(file) ?? []))
      .map(({ path }) => path),
  );
  const stale = [...paths].filter((path) => cache[path]?.state !== stateOf(path));
  const total = stale.reduce((sum, path) => sum + (statOf(path)?.size ?? 0), 0);
  const shown = total > 200e6 ? progress() : undefined;
  let done = 0;
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  return {
    async digest(path: string): Promise<string> {
      const state = stateOf(path);
      const known = cache[path];
      if (known?.state === state) return known.sha256;
      const sha256 = await contentDigest(path, (bytes) => {
        done += bytes;
        // The last report ends the line; another file may follow.
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
    const fresh = items.filter(({ file }) => !seen.has(file.path) && seen.add(file.path));
    return fresh.length === 0 ? [] : [
      `  stage \`${stage}\` reads`,
      ...fresh.flatMap(({ file }) => [
        `    ${wantedText(file)}`,
        `      ${[file.what, file.size, file.published].filter(Boolean).join("; ")}`,
      ]),
    ];
  });
  const changes = new Set(missing.flatMap(({ node, file }) => settingsFor(node, file)));
  const many = seen.size === 1
    ? "a file from outside is not there"
    : `${seen.size} files from outside are not there`;
  return new Complaint(
    [many, ...lines].join("\n"),
    [
      `put them there, or say where they are: ${[...changes].join(", ")}`,
      "     experiments/scenes_iais.yaml runs without any file from outside",
    ].join("\n"),
    { place: { file: experiment } },
  );
}

/** The options that say where a file lies. */
export function settingsFor(
  { stage, definition, parameters }: GraphNode,
  file: OutsideFile,
): string[] {
  return (definition.paths ?? [])
    .filter((name) => {
      const given = parameters[name];
      return typeof given === "string" &&
        (file.path === given || file.path.startsWith(`${given}/`));
    })
    .map((name) => `--set ${stage}.${name}=PATH`);
}

/** Where a missing file belongs; of a folder that is there, what it lacks and what it has. */
export function wantedText({ path, anyOf, ending, file }: OutsideFile): string {
  const stat = statOf(path);
  if (stat === undefined) return path;
  if (file === true) return `${path} (which is a folder, no file)`;
  if (anyOf === undefined) return `${path}: no file *${ending ?? ""}`;
  const lacking = anyOf[0]!.filter((name) => statOf(`${path}/${name}`) === undefined);
  const there = stat.isDirectory ? namesIn(path).sort().slice(0, 6) : [];
  return `${path}: ${lacking.join(", ")}` +
    (there.length > 0 ? ` (there are ${there.join(", ")})` : "");
}

/**
 * Files from outside the project that an experiment reads: data sets, checkpoints. What is in them is
 * part of the key, where they lie is not, so that a moved data set reruns nothing and a changed one
 * does. Digests are kept by size, time and inode: tens of gigabytes are read once.
 */
import { createHash } from "node:crypto";
import { canonicalDigest } from "./canonical.ts";
import { Complaint } from "./complaint.ts";
import type { GraphNode } from "./graph.ts";
import type { Progress } from "./progress.ts";
import type { OutsideFile } from "./stage.ts";

/** Digests of contents by absolute path. */
export interface OutsideCache {
  [path: string]: { readonly state: string; readonly sha256: string };
}

/** Label of a node -> role -> digest of what it reads there. */
export type OutsideDigests = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * Looks for everything that the nodes read from outside, and takes its digest.
 *
 * @param experiment file of the experiment, for the message
 * @param cache is brought up to date
 * @throws Complaint that names everything that is missing, what it is, and where it comes from
 */
export async function outsideDigests(
  nodes: readonly GraphNode[],
  { experiment, cache, progress }: {
    experiment: string;
    cache: OutsideCache;
    progress: () => Progress;
  },
): Promise<OutsideDigests> {
  const missing = nodes.flatMap((node) =>
    node.outside.filter((file) => partsOf(file) === undefined).map((file) => ({ node, file }))
  );
  if (missing.length > 0) throw missingFiles(missing, experiment);
  const reader = contentReader(nodes, cache, progress);
  const digests = new Map<string, Record<string, string>>();
  for (const node of nodes) {
    if (node.outside.length === 0) continue;
    const roles: Record<string, string> = {};
    for (const file of node.outside) {
      const parts = partsOf(file)!;
      const contents: [string, string][] = [];
      for (const { name, path } of parts) contents.push([name, await reader.digest(path)]);
      roles[file.role] = canonicalDigest(["outside", contents]);
    }
    digests.set(node.label, roles);
  }
  reader.done();
  return digests;
}

/** Absolute path per role: what a stage finds as `files`. */
export function outsidePaths({ outside }: GraphNode): Record<string, string> {
  return Object.fromEntries(outside.map(({ role, path }) => [role, path]));
}

interface Part {
  /** From the folder; empty for a file that is named itself, whose name decides nothing. */
  readonly name: string;
  readonly path: string;
}

/** The files that are meant, sorted by name; undefined when they are not all there. */
export function partsOf({ path, anyOf }: OutsideFile): Part[] | undefined {
  const stat = statOf(path);
  if (stat === undefined) return undefined;
  if (anyOf !== undefined) {
    const set = anyOf.find((names) => names.every((name) => statOf(`${path}/${name}`)?.isFile));
    return set?.toSorted().map((name) => ({ name, path: `${path}/${name}` }));
  }
  if (stat.isFile) return [{ name: "", path }];
  if (!stat.isDirectory) return undefined;
  const parts = Array.from(Deno.readDirSync(path))
    .filter(({ name }) => statOf(`${path}/${name}`)?.isFile)
    .map(({ name }) => ({ name, path: `${path}/${name}` }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  return parts.length === 0 ? undefined : parts;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

/** Reads each file at most once, and none whose directory entry is as it was. */
function contentReader(
  nodes: readonly GraphNode[],
  cache: OutsideCache,
  progress: () => Progress,
) {
  const stateOf = (path: string) => {
    const { size, mtime, ctime, ino } = Deno.statSync(path);
    return { size, state: `${size} ${mtime?.getTime()} ${ctime?.getTime()} ${ino}` };
  };
  const paths = new Set(
    nodes.flatMap(({ outside }) => outside.flatMap((file) => partsOf(file)!))
      .map(({ path }) => path),
  );
  const stale = [...paths].map((path) => ({ path, ...stateOf(path) }))
    .filter(({ path, state }) => cache[path]?.state !== state);
  const total = stale.reduce((sum, { size }) => sum + size, 0);
  const shown = total > 200e6 ? progress() : undefined;
  let done = 0;
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  return {
    async digest(path: string): Promise<string> {
      const { state } = stateOf(path);
      const known = cache[path];
      if (known?.state === state) return known.sha256;
      const hash = createHash("sha256");
      using file = await openToRead(path);
      const buffer = new Uint8Array(1 << 22);
      for (let got = await file.read(buffer); got !== null; got = await file.read(buffer)) {
        hash.update(buffer.subarray(0, got));
        done += got;
        shown?.report(megabytes(done), megabytes(total), "MB");
      }
      const sha256 = hash.digest("hex");
      cache[path] = { state, sha256 };
      return sha256;
    },
    done: () => shown?.say(`read ${megabytes(total)} MB from outside to take their digests`),
  };
}

async function openToRead(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    throw new Complaint(
      `a file from outside cannot be read: ${(cause as Error).message}`,
      "let this user read it",
      { place: { file: path }, cause },
    );
  }
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
        `    ${wantedPath(file)}`,
        `      ${[file.what, file.size, file.published].filter(Boolean).join("; ")}`,
      ]),
    ];
  });
  const changes = [...byStage].flatMap(([stage, [first]]) =>
    first!.node.definition.paths?.filter((name) => first!.node.parameters[name] !== undefined)
      .map((name) => `--set ${stage}.${name}=PATH`) ?? []
  );
  const many = seen.size === 1
    ? "a file from outside is not there"
    : `${seen.size} files from outside are not there`;
  return new Complaint(
    [many, ...lines].join("\n"),
    [
      `put them there, or say where they are: ${changes.join(", ")}`,
      "     experiments/scenes_iais.yaml runs without any file from outside",
    ].join("\n"),
    { place: { file: experiment } },
  );
}

function wantedPath({ path, anyOf }: OutsideFile): string {
  if (anyOf === undefined || statOf(path) === undefined) return path;
  const names = anyOf[0]!.filter((name) => statOf(`${path}/${name}`) === undefined);
  return `${path}: ${names.join(", ")}`;
}

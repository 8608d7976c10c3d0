/** From a node of the plan to the job and the permissions of a worker process. */
import { dirname } from "node:path";
import { lowerText } from "../contract/out_of_memory.ts";
import type { ArtifactStore } from "../store/artifact_store.ts";
import type { StageCode } from "../store/code_record.ts";
import { type Grant, union } from "../workers/grant.ts";
import type { WorkerJob } from "../workers/protocol.ts";
import type { KeyedNode } from "../key/key.ts";
import { type Machine, versionsOf } from "./machine.ts";
import { realPath } from "../disk/real_path.ts";
import { outsidePaths } from "../key/outside_files.ts";
import { type Why, whyText } from "../plan/plan.ts";
import type { ResultTables } from "../store/result_rows.ts";
import type { Share } from "./resources.ts";

/** What a job needs to know about the run, in addition to its node. */
export interface WorkerJobSetting {
  readonly store: ArtifactStore;
  /** The folder of fetched packages. */
  readonly cache: string;
  readonly experiment: string;
  readonly byLabel: ReadonlyMap<string, KeyedNode>;
  /** Kind of stage -> the code that its keys were made of. */
  readonly code: ReadonlyMap<string, StageCode>;
  readonly project: URL;
  readonly threads: number;
  readonly machine: Machine;
  readonly tables: ResultTables;
}

export function workerJob(
  node: KeyedNode,
  why: Why,
  { share, ...setting }: WorkerJobSetting & { readonly share: Share },
): WorkerJob {
  const { store, cache, experiment, byLabel, code, project, threads, machine } = setting;
  const { key, preimage, label, stage, point } = node;
  return {
    root: store.root,
    pending: store.pendingFolder(key),
    lock: store.lockFile(key),
    key,
    preimage,
    modules: moduleUrls(code.get(node.definition.name)!, project),
    parameters: node.parameters,
    files: outsidePaths(node, cache),
    watched: [
      ...[node, ...inputsOf(node, byLabel)].flatMap(({ watched }) => watched ?? []),
      ...node.library ?? [],
    ],
    inputs: Object.fromEntries(
      Object.entries(node.inputs).map(([port, name]) => {
        const input = byLabel.get(name)!;
        const folder = artifactOf(input, store);
        const { key, definition: { name: kind } } = input;
        return [port, { folder, kind, key, files: outsidePaths(input, cache) }];
      }),
    ),
    threads,
    lower: lowerText(node.definition.memoryUse, node.parameters),
    tables: setting.tables,
    circumstances: {
      experiment,
      label,
      stage,
      point,
      why: whyText(why),
      host: machine.host,
      versions: versionsOf(preimage, machine, share),
    },
    again: why.kind === "forced" || why.kind === "input digest",
    grant: grantOf(node, setting),
    environment: { ...threadVariables(threads), ...gpuVariables(share, machine) },
  };
}

/** The URLs by which Deno knows the modules of a stage's code, so that it loads each of them once. */
function moduleUrls({ entry }: StageCode, project: URL): string[] {
  return Object.keys(entry.files)
    .filter((path) => /\.[mc]?[jt]sx?$/.test(path))
    .map((path) => new URL(path.replaceAll(/[%?#]/g, encodeURIComponent), project).href);
}

/** The permissions of a node's process. Paths are there as they are used, and as real paths. */
export function grantOf(
  node: KeyedNode,
  { store, cache, byLabel }: Pick<WorkerJobSetting, "store" | "cache" | "byLabel">,
): Grant {
  const { permissions, compute } = node.definition;
  const inputs = inputsOf(node, byLabel);
  const own = withRealPaths([store.pendingFolder(node.key), store.lockFile(node.key)]);
  return {
    read: [
      ...own,
      ...withRealPaths(inputs.map((input) => artifactOf(input, store))),
      ...new Set([node, ...inputs].flatMap((each) => readOutside(each, cache))),
    ],
    write: own,
    native: compute || (permissions?.native ?? false),
    network: permissions?.network ?? false,
    programs: permissions?.programs ?? [],
  };
}

/**
 * The outside paths that a node reads, including the targets of links that lead out of them. Every
 * stage that reads the node's artifact needs them, so that they are found once.
 */
function readOutside(node: KeyedNode, cache: string): readonly string[] {
  const known = outsideReads.get(node);
  if (known !== undefined) return known;
  const found = findOutside(node, cache);
  outsideReads.set(node, found);
  return found;
}
const outsideReads = new WeakMap<KeyedNode, readonly string[]>();

function findOutside(node: KeyedNode, cache: string): string[] {
  const paths = withRealPaths(Object.values(outsidePaths(node, cache)));
  const within = (path: string) =>
    paths.some((each) => path === each || path.startsWith(`${each}/`));
  const linked = (node.watched ?? []).map(({ path }) => realPath(path))
    .filter((path) => !within(path));
  return [...paths, ...fewPaths(linked)];
}

function withRealPaths(paths: readonly string[]): string[] {
  return [...new Set([...paths, ...paths.map(realPath)])];
}

/** A command line holds only so many paths. */
const mostPaths = 64;

/** The paths, or if they are too many, the folders that they are in, as far up as necessary. */
function fewPaths(paths: readonly string[]): string[] {
  const distinct = [...new Set(paths)];
  if (distinct.length <= mostPaths) return distinct;
  const depth = (path: string) => path.split("/").length;
  const deepest = Math.max(...distinct.map(depth));
  // Files and folders at the deepest level go up first, so that shallow ones stay exact.
  return fewPaths(distinct.map((path) => depth(path) === deepest ? dirname(path) : path));
}

/** Bytes of the paths of shared permissions; the system limits each argument to 128 KiB. */
const mostBytes = 60_000;

/**
 * The permissions of a process that a node shares with later nodes, as far as they fit on a command
 * line; undefined for a node with its own process.
 */
export function sharedGrant(
  node: KeyedNode,
  later: readonly KeyedNode[],
  setting: Pick<WorkerJobSetting, "store" | "cache" | "byLabel">,
): Grant | undefined {
  if (!node.definition.sharesProcess) return undefined;
  let shared = union([grantOf(node, setting)]);
  for (const each of later) {
    const more = union([shared, grantOf(each, setting)]);
    if (more.read.join().length > mostBytes) break;
    shared = more;
  }
  return shared;
}

function inputsOf(node: KeyedNode, byLabel: ReadonlyMap<string, KeyedNode>): KeyedNode[] {
  return Object.values(node.inputs).map((label) => byLabel.get(label)!);
}

function artifactOf({ definition, key }: KeyedNode, store: ArtifactStore): string {
  return `${store.completeFolder(definition.name, key)}/artifact`;
}

/**
 * A library that was built with OpenMP takes its number of threads from here, and so from `--threads`,
 * whatever a cluster sets. The published builds of TensorFlow use no OpenMP.
 */
function threadVariables(threads: number): Record<string, string> {
  return { OMP_NUM_THREADS: String(threads), OMP_DYNAMIC: "false" };
}

/** A stage sees only the GPUs of its share, which are numbered from 0 among the visible ones. */
function gpuVariables({ gpus }: Share, { visibleGpus }: Machine): Record<string, string> {
  if (gpus.length === 0) return {};
  return { CUDA_VISIBLE_DEVICES: gpus.map((gpu) => visibleGpus[gpu]).join(",") };
}

/** From a node of the plan to the job and the permissions of a worker process. */
import { realpathSync } from "node:fs";
import type { ArtifactStore } from "../store/artifact_store.ts";
import { type Grant, union } from "../workers/grant.ts";
import type { WorkerJob } from "../workers/protocol.ts";
import type { KeyedNode } from "../key/key.ts";
import { type Machine, machineFacts } from "./machine.ts";
import { outsidePaths } from "../key/outside_files.ts";
import { type Why, whyText } from "../plan/plan.ts";
import type { Share } from "./resources.ts";

/** What a job needs to know about the run, in addition to its node. */
export interface WorkerJobSetting {
  readonly store: ArtifactStore;
  /** The folder of fetched packages. */
  readonly cache: string;
  readonly experiment: string;
  readonly byLabel: ReadonlyMap<string, KeyedNode>;
  readonly threads: number;
  readonly machine: Machine;
}

export function workerJob(
  node: KeyedNode,
  why: Why,
  { share, ...setting }: WorkerJobSetting & { readonly share: Share },
): WorkerJob {
  const { store, cache, experiment, byLabel, threads, machine } = setting;
  const { key, preimage, label, stage, point } = node;
  return {
    root: store.root,
    pending: store.pendingFolder(key),
    lock: store.lockFile(key),
    key,
    preimage,
    parameters: node.parameters,
    files: outsidePaths(node, cache),
    watched: [node, ...inputsOf(node, byLabel)].flatMap(({ watched }) => watched ?? []),
    inputs: Object.fromEntries(
      Object.entries(node.inputs).map(([port, name]) => {
        const input = byLabel.get(name)!;
        const folder = artifactOf(input, store);
        const { key, definition: { name: kind } } = input;
        return [port, { folder, kind, key, files: outsidePaths(input, cache) }];
      }),
    ),
    threads,
    circumstances: {
      experiment,
      label,
      stage,
      point,
      why: whyText(why),
      host: machine.host,
      versions: { deno: machine.deno, ...preimage.compute, ...machineFacts(machine) },
    },
    again: why.kind === "forced" || why.kind === "input digest",
    grant: grantOf(node, setting),
    environment: gpuVariables(share, machine),
  };
}

/** The permissions of a node's process. */
export function grantOf(
  node: KeyedNode,
  { store, cache, byLabel }: Pick<WorkerJobSetting, "store" | "cache" | "byLabel">,
): Grant {
  const { permissions, compute } = node.definition;
  const inputs = inputsOf(node, byLabel);
  const own = [store.pendingFolder(node.key), store.lockFile(node.key)];
  return {
    read: [
      ...own,
      ...inputs.map((input) => artifactOf(input, store)),
      ...new Set([node, ...inputs].flatMap((each) => readOutside(each, cache))),
    ],
    write: own,
    native: compute || (permissions?.native ?? false),
    network: permissions?.network ?? false,
    programs: permissions?.programs ?? [],
  };
}

/** The outside paths that a node reads, including the targets of links that lead out of them. */
function readOutside(node: KeyedNode, cache: string): string[] {
  const paths = Object.values(outsidePaths(node, cache));
  const targets = paths.map(targetOf);
  const within = (path: string) =>
    targets.some((each) => path === each || path.startsWith(`${each}/`));
  const linked = (node.watched ?? []).map(({ path }) => targetOf(path)).filter((path) =>
    !within(path)
  );
  return [...paths, ...targets, ...linked];
}

/** The target of a link, or the path itself. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * The permissions of a process that a node shares with later nodes; undefined for a node with its own
 * process.
 */
export function sharedGrant(
  node: KeyedNode,
  later: readonly KeyedNode[],
  setting: Pick<WorkerJobSetting, "store" | "cache" | "byLabel">,
): Grant | undefined {
  if (!node.definition.sharesProcess) return undefined;
  return union([node, ...later].map((each) => grantOf(each, setting)));
}

function inputsOf(node: KeyedNode, byLabel: ReadonlyMap<string, KeyedNode>): KeyedNode[] {
  return Object.values(node.inputs).map((label) => byLabel.get(label)!);
}

function artifactOf({ definition, key }: KeyedNode, store: ArtifactStore): string {
  return `${store.completeFolder(definition.name, key)}/artifact`;
}

/**
 * A stage sees only the GPUs of its share, which are numbered from 0 among the visible ones. Follows
 * the CUDA documentation; not measured.
 */
function gpuVariables({ gpus }: Share, { visibleGpus }: Machine): Record<string, string> {
  if (gpus.length === 0) return {};
  const names = visibleGpus === undefined || visibleGpus === ""
    ? undefined
    : visibleGpus.split(",");
  return { CUDA_VISIBLE_DEVICES: gpus.map((gpu) => names?.[gpu] ?? String(gpu)).join(",") };
}

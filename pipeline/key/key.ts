/**
 * The key of a node: a digest of everything that determines its result, and of nothing else. Paths,
 * times, labels, the experiment's name and the number of jobs are not part of it.
 */
import { type Canonical, canonicalDigest } from "../disk/canonical.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import type { FileState } from "../disk/file_state.ts";
import type { OutsideDigests } from "./outside_files.ts";

/** Incremented when the pipeline changes what a stage receives; all results are then recomputed. */
export const engineFormat = 1;

/** What a key is the digest of. The manifest keeps it, so that two keys can be compared. */
export interface Preimage {
  readonly engine: number;
  /** The kind of stage. */
  readonly stage: string;
  /** Digest of the stage's code. */
  readonly code: string;
  readonly parameters: Readonly<Record<string, Canonical>>;
  /** Port -> key. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The compute fingerprint (library, device, threads and so on); null unless the stage computes. */
  readonly compute: Readonly<Record<string, string>> | null;
  /** Role -> digest of each outside file and package; absent if it reads none. */
  readonly outside?: Readonly<Record<string, string>>;
}

export interface KeyedNode extends GraphNode {
  readonly key: string;
  readonly preimage: Preimage;
  /** The outside files that it reads, with their state when their digests were computed. */
  readonly watched?: readonly FileState[];
  /** The files of the library that it computes with, with their state before its identity was found. */
  readonly library?: readonly FileState[];
}

export interface KeyParts {
  /** Kind of stage -> digest of its code. */
  readonly code: ReadonlyMap<string, string>;
  readonly compute: Readonly<Record<string, string>>;
  readonly outside?: OutsideDigests;
}

/** @param graph sorted so that inputs come first */
export function keyNodes(
  graph: readonly GraphNode[],
  { code, compute, outside }: KeyParts,
): KeyedNode[] {
  const keys = new Map<string, string>();
  return graph.map((node) => {
    const preimage: Preimage = {
      engine: engineFormat,
      stage: node.definition.name,
      code: code.get(node.definition.name)!,
      parameters: decidingParameters(node),
      inputs: Object.fromEntries(
        Object.entries(node.inputs).map(([port, label]) => [port, keys.get(label)!]),
      ),
      compute: node.definition.compute ? compute : null,
      ...(readsOutside(node) && {
        outside: { ...packageDigests(node), ...outside?.get(node.label) },
      }),
    };
    const key = keyOf(preimage);
    keys.set(node.label, key);
    return { ...node, key, preimage };
  });
}

export function keyOf(preimage: Preimage): string {
  const { engine, stage, code, parameters, inputs, compute, outside } = preimage;
  const parts: Canonical[] = ["stage run", engine, stage, code, parameters, inputs, compute];
  return canonicalDigest(outside === undefined ? parts : [...parts, outside]);
}

function readsOutside({ outside, packages }: GraphNode): boolean {
  return outside.length > 0 || Object.keys(packages).length > 0;
}

/** Uses the pinned digest of a package, which therefore need not be present. */
function packageDigests({ packages }: GraphNode): Record<string, string> {
  return Object.fromEntries(
    Object.entries(packages).map(([role, { sha256 }]) => [role, `package ${sha256}`]),
  );
}

/**
 * The parameters that determine the result. The path of a file does not; its content is in `outside`.
 * Nor does a parameter without effect, for which the stage gets its default.
 */
export function decidingParameters(
  { parameters, unused, definition: { paths = [] } }: GraphNode,
): Record<string, Canonical> {
  return Object.fromEntries(
    Object.entries(parameters).filter(([name]) => !paths.includes(name) && !unused.includes(name)),
  );
}

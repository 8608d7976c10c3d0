/**
 * The key of a node: a digest of everything that decides its result and of nothing else. Paths,
 * clocks, labels, the experiment's name and the number of jobs are not in it.
 */
import { type Canonical, canonicalDigest } from "../disk/canonical.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import type { FileState, OutsideDigests } from "./outside_files.ts";

/** Raised when the pipeline itself changes what a stage is given; every result is then made anew. */
export const engineFormat = 1;

/** What a key is the digest of; kept in the manifest, so that two keys can be compared. */
export interface Preimage {
  readonly engine: number;
  readonly stage: string;
  /** Digest of the stage's code. */
  readonly code: string;
  readonly parameters: Readonly<Record<string, Canonical>>;
  /** Port -> key. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Of computing stages: library, device, threads and the like. */
  readonly compute: Readonly<Record<string, string>> | null;
  /** Role -> digest of what it reads from outside, where it reads any. */
  readonly outside?: Readonly<Record<string, string>>;
}

export interface KeyedNode extends GraphNode {
  readonly key: string;
  readonly preimage: Preimage;
  /** What it reads from outside, as it was when its digest was taken. */
  readonly watched?: readonly FileState[];
}

export interface KeyParts {
  /** Name of the stage definition -> digest of its code. */
  readonly code: ReadonlyMap<string, string>;
  readonly compute: Readonly<Record<string, string>>;
  readonly outside?: OutsideDigests;
}

/** @param graph in an order in which inputs come first */
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
      parameters: withoutPaths(node),
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

/** A package is what its pinned digest says: it need not be there to be part of a key. */
function packageDigests({ packages }: GraphNode): Record<string, string> {
  return Object.fromEntries(
    Object.entries(packages).map(([role, { sha256 }]) => [role, `package ${sha256}`]),
  );
}

/** The parameters that decide a result: where a file lies does not, what is in it is `outside`. */
function withoutPaths({ parameters, definition }: GraphNode): Record<string, Canonical> {
  const paths = definition.paths ?? [];
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !paths.includes(name)));
}

/** Decides what has to run. Pure: the caller says what is stored, and nothing is touched. */
import type { KeyedNode, Preimage } from "../key/key.ts";
import type { Found } from "../store/artifact_store.ts";
import type { Manifest } from "../store/manifest.ts";
import { neededFor, selectNodes } from "../experiment/selection.ts";

/** A node with the decision for it: reuse the stored result (hit), or run. */
export type Planned =
  & { readonly node: KeyedNode }
  & (
    | { readonly action: "hit"; readonly manifest: Manifest }
    | { readonly action: "run"; readonly why: Why }
  );

/** Why a node has to run. */
export type Why =
  | { readonly kind: "missing" }
  | { readonly kind: "forced" }
  | { readonly kind: "broken"; readonly reason: string }
  | { readonly kind: "changed"; readonly changes: readonly string[] }
  /** Its own settings are unchanged, but an input has to run. */
  | { readonly kind: "input"; readonly inputs: readonly string[] }
  /** An input was recomputed since, with a different result. */
  | { readonly kind: "input digest"; readonly inputs: readonly string[] };

export interface Stored {
  find(node: KeyedNode): Found;
  /** Preimage of the last request for this label in this experiment, if any. */
  previous(node: KeyedNode): Preimage | undefined;
}

export interface PlanOptions {
  /** Names of stages or points (see selection.ts) to rerun even if their results are stored. */
  readonly force?: readonly string[];
  /** Names of stages or points; plan only these and what they need. */
  readonly only?: readonly string[];
}

/** @param nodes inputs first */
export function planRun(
  nodes: readonly KeyedNode[],
  stored: Stored,
  { force = [], only = [] }: PlanOptions = {},
): Planned[] {
  const { runs, labelOf } = distinctRuns(neededFor(nodes, only));
  const forced = new Set([...selectNodes(nodes, "--force", force)].map(labelOf));
  const planned = new Map<string, Planned>();
  for (const node of runs) {
    planned.set(node.label, decide(node, planned, stored, forced.has(node.label)));
  }
  return [...planned.values()];
}

/**
 * Points of a stage with one key share a run, which is planned once, under the first label; `labelOf`
 * has it for each label. Files with the same content at different paths give such points.
 */
export function distinctRuns(
  nodes: readonly KeyedNode[],
): { readonly runs: readonly KeyedNode[]; readonly labelOf: (label: string) => string } {
  const first = new Map<string, string>();
  const labels = new Map<string, string>();
  for (const { stage, key, label } of nodes) {
    const shared = JSON.stringify([stage, key]);
    if (!first.has(shared)) first.set(shared, label);
    labels.set(label, first.get(shared)!);
  }
  const labelOf = (label: string) => labels.get(label) ?? label;
  const runs = nodes.filter(({ label }) => labelOf(label) === label).map((node) => ({
    ...node,
    inputs: Object.fromEntries(
      Object.entries(node.inputs).map(([port, label]) => [port, labelOf(label)]),
    ),
  }));
  return { runs, labelOf };
}

/** Sentences about points that share a run, for each stage where this is not so because of its inputs. */
export function sharedRunNotes(nodes: readonly KeyedNode[]): string[] {
  const { labelOf } = distinctRuns(nodes);
  const inputsOf = ({ inputs }: KeyedNode) => JSON.stringify(Object.values(inputs));
  const shared = [...Map.groupBy(nodes, ({ label }) => labelOf(label)).values()]
    .filter(([first, ...others]) =>
      others.length > 0 && others.every((other) => inputsOf(other) === inputsOf(first!))
    );
  return [...Map.groupBy(shared, ([first]) => first!.stage)].map(([stage, runs]) => {
    const [one, other] = runs[0]!;
    const are = runs.length === 1 ? "one run" : `${runs.length} runs`;
    return `${stage}: ${runs.flat().length} points are ${are}: ` +
      `${one!.label} and ${other!.label} have the same files`;
  });
}

/** The reason in a few words. */
export function whyText(why: Why): string {
  switch (why.kind) {
    case "missing":
      return "not computed yet";
    case "forced":
      return "forced";
    case "broken":
      return `damaged: ${why.reason}`;
    case "changed":
      return why.changes.join("; ");
    case "input":
      return `${why.inputs.join(", ")} will run`;
    case "input digest":
      return `${why.inputs.join(", ")} has a different result now`;
    default:
      return why satisfies never;
  }
}

function decide(
  node: KeyedNode,
  planned: ReadonlyMap<string, Planned>,
  stored: Stored,
  forced: boolean,
): Planned {
  const found = stored.find(node);
  if (forced) return { node, action: "run", why: { kind: "forced" } };
  if (found.state === "broken") {
    return { node, action: "run", why: { kind: "broken", reason: found.reason } };
  }
  if (found.state === "complete") {
    const different = differentInputs(node, planned, found.manifest);
    if (different.length === 0) return { node, action: "hit", manifest: found.manifest };
    return { node, action: "run", why: { kind: "input digest", inputs: different } };
  }
  return { node, action: "run", why: whyAbsent(node, planned, stored.previous(node)) };
}

function differentInputs(
  node: KeyedNode,
  planned: ReadonlyMap<string, Planned>,
  { inputDigests }: Manifest,
): string[] {
  return Object.entries(node.inputs).flatMap(([port, label]) => {
    const input = planned.get(label);
    return input?.action === "hit" && input.manifest.digest !== inputDigests[port] ? [label] : [];
  });
}

function whyAbsent(
  node: KeyedNode,
  planned: ReadonlyMap<string, Planned>,
  previous: Preimage | undefined,
): Why {
  const changes = previous === undefined ? [] : ownChanges(previous, node.preimage);
  if (changes.length > 0) return { kind: "changed", changes };
  const inputs = [...new Set(Object.values(node.inputs))]
    .filter((label) => planned.get(label)?.action === "run");
  if (inputs.length > 0 && previous !== undefined) return { kind: "input", inputs };
  return { kind: "missing" };
}

/** Changes of a stage itself, without those of its inputs. */
function ownChanges(before: Preimage, after: Preimage): string[] {
  const changes: string[] = [];
  if (before.engine !== after.engine) changes.push("the pipeline's format changed");
  if (before.stage !== after.stage) changes.push(`uses ${after.stage} instead of ${before.stage}`);
  if (before.code !== after.code) changes.push("its code changed");
  changes.push(...entryChanges(before.parameters, after.parameters));
  changes.push(...entryChanges(before.compute ?? {}, after.compute ?? {}));
  for (const [role, digest] of Object.entries(after.outside ?? {})) {
    if (before.outside?.[role] !== digest) changes.push(`the file \`${role}\` changed`);
  }
  return changes;
}

function entryChanges(before: object, after: object): string[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const [from, to] = [old.get(name), now.get(name)].map((value) =>
      value === undefined ? "(not set)" : shortText(value)
    );
    return from === to ? [] : [`${name} ${from} -> ${to}`];
  });
}

function shortText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

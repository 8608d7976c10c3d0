/** `why`: the exact differences between the current key of a stage and that of an earlier run. */
import type { CodeChange } from "./code_changes.ts";
import type { KeyedNode, Preimage } from "../key/key.ts";
import type { StoredRun, StoredRuns } from "../store/stored_runs.ts";

export type Difference =
  | {
    readonly kind: "parameter" | "compute" | "use" | "pipeline format";
    readonly name: string;
    /** As YAML would write it; null if it was not set. */
    readonly from: string | null;
    readonly to: string | null;
  }
  | {
    readonly kind: "code";
    readonly from: string;
    readonly to: string;
    /** Null when the earlier code was not kept. */
    readonly changes: readonly CodeChange[] | null;
  }
  | {
    readonly kind: "outside file";
    readonly role: string;
    /** Its current path; absent when it is no longer read. */
    readonly path?: string;
    /** Digests. */
    readonly from: string | null;
    readonly to: string | null;
  }
  | {
    readonly kind: "input";
    readonly port: string;
    /** Label of the current input; null when there is none. */
    readonly label: string | null;
    /** Keys. */
    readonly from: string | null;
    readonly to: string | null;
    /** Differences between the keys of the input; null when not kept or already listed before. */
    readonly because: readonly Difference[] | null;
    /** The same pair of keys is listed before. */
    readonly toldBefore?: true;
  }
  /** The input was recomputed since, under the same key and with a different result. */
  | {
    readonly kind: "input came out different";
    readonly port: string;
    readonly label: string;
    /** Digests of the artifact. */
    readonly from: string;
    readonly to: string;
  };

export interface Answer {
  readonly label: string;
  readonly key: string;
  /** There is a complete run with this key. */
  readonly stored: boolean;
  /** True also for a stored result if one of its inputs has a different result now. */
  readonly wouldRun: boolean;
  /** How the last attempt failed. */
  readonly failure?: string;
  /** The run that it is compared with; null if it was never computed. */
  readonly against:
    | { readonly key: string; readonly label: string; readonly started: string }
    | null;
  readonly differences: readonly Difference[];
}

export interface WhyWorld {
  readonly runs: StoredRuns;
  /** Name of the experiment. */
  readonly experiment: string;
  /** All current nodes of the experiment. */
  readonly nodes: ReadonlyMap<string, KeyedNode>;
  /** Whether a complete, intact artifact with this key is stored. */
  stored(node: KeyedNode): boolean;
  failure(node: KeyedNode): string | undefined;
  codeChanges(before: Preimage, now: KeyedNode): Promise<readonly CodeChange[] | null>;
}

/** @param against the run to compare with; by default the last one with the node's label */
export async function whyNode(
  node: KeyedNode,
  world: WhyWorld,
  against?: StoredRun,
): Promise<Answer> {
  const stored = world.stored(node);
  const own = stored ? world.runs.complete(node.key) : undefined;
  const run = against ?? own ?? world.runs.last(node.label, world.experiment);
  const compare = (run: StoredRun) => differences(node, run, world, new Set());
  const sinceOwn = own === undefined ? [] : await compare(own);
  const failure = stored ? undefined : world.failure(node);
  return {
    label: node.label,
    key: node.key,
    stored,
    wouldRun: !stored || sinceOwn.length > 0,
    ...(failure !== undefined && { failure }),
    against: run === undefined ? null : { key: run.key, label: run.label, started: run.started },
    differences: run === undefined ? [] : run === own ? sinceOwn : await compare(run),
  };
}

async function differences(
  node: KeyedNode,
  { preimage: before, inputDigests }: Pick<StoredRun, "preimage"> & Partial<StoredRun>,
  world: WhyWorld,
  listed: Set<string>,
): Promise<Difference[]> {
  const { preimage: now } = node;
  const found: Difference[] = [];
  if (before.engine !== now.engine) {
    const [from, to] = [before.engine, now.engine].map(String) as [string, string];
    found.push({ kind: "pipeline format", name: "format", from, to });
  }
  if (before.stage !== now.stage) {
    found.push({ kind: "use", name: "use", from: before.stage, to: now.stage });
  }
  found.push(...entryDifferences("parameter", before.parameters, now.parameters));
  found.push(...entryDifferences("compute", before.compute ?? {}, now.compute ?? {}));
  if (before.code !== now.code && before.stage === now.stage) {
    const changes = await world.codeChanges(before, node);
    found.push({ kind: "code", from: before.code, to: now.code, changes });
  }
  for (const role of namesOf(before.outside ?? {}, now.outside ?? {})) {
    const [from, to] = [before, now].map(({ outside }) => outside?.[role] ?? null) as [
      string | null,
      string | null,
    ];
    const path = node.outside.find((file) => file.role === role)?.path;
    if (from === to) continue;
    found.push({ kind: "outside file", role, ...(path !== undefined && { path }), from, to });
  }
  for (const port of namesOf(before.inputs, now.inputs)) {
    found.push(...await inputDifference(port, node, { before, inputDigests }, world, listed));
  }
  return found;
}

async function inputDifference(
  port: string,
  node: KeyedNode,
  { before, inputDigests }: {
    before: Preimage;
    inputDigests: Readonly<Record<string, string>> | undefined;
  },
  world: WhyWorld,
  listed: Set<string>,
): Promise<Difference[]> {
  const [from, to] = [before.inputs[port] ?? null, node.preimage.inputs[port] ?? null];
  const label = node.inputs[port] ?? null;
  const input = label === null ? undefined : world.nodes.get(label);
  if (from === to) {
    const [digestThen, digestNow] = [inputDigests?.[port], world.runs.complete(to!)?.digest];
    return digestThen === undefined || digestNow === undefined || digestThen === digestNow ? [] : [{
      kind: "input came out different",
      port,
      label: label!,
      from: digestThen,
      to: digestNow,
    }];
  }
  const kind = "input" as const;
  const old = from === null
    ? undefined
    : world.runs.complete(from) ?? asRun(world.runs.preimage(from));
  if (from === null || input === undefined || old === undefined) {
    return [{ kind, port, label, from, to, because: null }];
  }
  const pair = `${from} ${to}`;
  if (listed.has(pair)) {
    return [{ kind, port, label, from, to, because: null, toldBefore: true }];
  }
  listed.add(pair);
  return [{ kind, port, label, from, to, because: await differences(input, old, world, listed) }];
}

function asRun(preimage: Preimage | undefined): Pick<StoredRun, "preimage"> | undefined {
  return preimage === undefined ? undefined : { preimage };
}

function entryDifferences(
  kind: "parameter" | "compute",
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): Difference[] {
  const textOf = kind === "compute" ? String : valueText;
  return namesOf(before, now).flatMap((name) => {
    const [from, to] = [before, now].map((entries) =>
      entries[name] === undefined ? null : textOf(entries[name])
    ) as [string | null, string | null];
    return from === to ? [] : [{ kind, name, from, to }];
  });
}

function namesOf(before: object, now: object): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])];
}

function valueText(value: unknown): string {
  return typeof value === "string" && !/^(true|false|null|[-\d].*|)$/.test(value)
    ? value
    : JSON.stringify(value);
}

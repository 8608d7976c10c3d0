/** Differences between the keys of two runs: their own and those of all runs upstream. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";
import { valueText } from "../database/row_writer.ts";
import { listRequests, type Preimage, readManifest } from "../database/stored_files.ts";
import { tableLines } from "../text/sql_table.ts";

/** One difference; `null` if one of the two runs lacks it. */
export interface KeyDifference {
  /** Name of the stage that differs. */
  readonly stage: string;
  /** `steps`, `code`, `file images`, … */
  readonly what: string;
  readonly a: string | null;
  readonly b: string | null;
}

/** What is known about a run without its artifact. */
export interface KnownNode {
  readonly stage: string;
  readonly preimage: Preimage;
}

/** Looks up any run that is stored or was ever requested, by key. */
export async function knownNodes(
  connection: DuckDBConnection,
  root: string,
): Promise<(key: string) => KnownNode | undefined> {
  const requested = new Map<string, KnownNode>();
  for (const { nodes } of listRequests(root)) {
    for (const { key, stage, preimage } of nodes) requested.set(key, { stage, preimage });
  }
  const rows = await rowsOf<{ run: string; stage: string; kind: string }>(
    connection,
    "SELECT run, stage, kind FROM stage_run",
  );
  const stored = new Map(rows.map((row) => [row.run, row]));
  return (key) => {
    const { stage, kind } = stored.get(key) ?? {};
    if (requested.has(key) || stage === undefined) return requested.get(key);
    const preimage = readManifest(root, `artifacts/${kind}/${key}`)?.preimage;
    return preimage === undefined ? undefined : { stage, preimage };
  };
}

/** Starts with the two runs themselves and goes upstream; each pair of runs is compared once. */
export function runDifferences(
  a: string,
  b: string,
  known: (key: string) => KnownNode | undefined,
): KeyDifference[] {
  const seen = new Set<string>();
  const waiting: [string, string][] = [[a, b]];
  const found: KeyDifference[] = [];
  for (let pair = waiting.shift(); pair !== undefined; pair = waiting.shift()) {
    const id = pair.join(" ");
    if (pair[0] === pair[1] || seen.has(id)) continue;
    seen.add(id);
    const [one, other] = [known(pair[0]), known(pair[1])];
    if (one === undefined || other === undefined) {
      const stage = (one ?? other)?.stage ?? "a stage";
      found.push({ stage, what: "key", a: pair[0].slice(0, 8), b: pair[1].slice(0, 8) });
      continue;
    }
    found.push(...ownDifferences(one, other));
    for (const port of portsOf(one, other)) {
      const [from, to] = [one.preimage.inputs[port], other.preimage.inputs[port]];
      if (from !== undefined && to !== undefined) waiting.push([from, to]);
    }
  }
  return found;
}

/** Differences between two runs of one stage, without the differences of their inputs. */
export function ownDifferences(one: KnownNode, other: KnownNode): KeyDifference[] {
  const { stage } = one;
  const [a, b] = [one.preimage, other.preimage];
  const single = (what: string, from: string | null, to: string | null): KeyDifference[] =>
    from === to ? [] : [{ stage, what, a: from, b: to }];
  const each = (from: object, to: object, what: (name: string) => string, shown = textOrNull) => {
    const [old, now] = [from, to].map((map) => new Map<string, unknown>(Object.entries(map)));
    return [...new Set([...old!.keys(), ...now!.keys()])].flatMap((name) =>
      textOrNull(old!.get(name)) === textOrNull(now!.get(name))
        ? []
        : single(what(name), shown(old!.get(name)), shown(now!.get(name)))
    );
  };
  const digest = (value: unknown) => textOrNull(value)?.slice(0, 8) ?? null;
  return [
    ...single("use", a.stage, b.stage),
    ...each(a.parameters, b.parameters, (name) => name),
    ...each({ code: a.code }, { code: b.code }, (name) => name, digest),
    ...each(a.compute ?? {}, b.compute ?? {}, (name) => `on ${name}`),
    ...each(a.outside ?? {}, b.outside ?? {}, (role) => `file ${role}`, digest),
    ...portsOf(one, other).flatMap((port) =>
      [a, b].every(({ inputs }) => inputs[port] !== undefined) ? [] : single(
        `reads ${port}`,
        ...[a, b].map(({ inputs }) => inputs[port] === undefined ? null : "yes") as [
          string | null,
          string | null,
        ],
      )
    ),
    ...single("pipeline format", textOrNull(a.engine), textOrNull(b.engine)),
  ];
}

function portsOf({ preimage: a }: KnownNode, { preimage: b }: KnownNode): string[] {
  return [...new Set([...Object.keys(a.inputs), ...Object.keys(b.inputs)])];
}

function textOrNull(value: unknown): string | null {
  return value === undefined ? null : valueText(value);
}

/** One line per difference. */
export function keyDifferencesTable(
  differences: readonly (KeyDifference & { readonly points?: string })[],
  width: number,
): string[] {
  const points = differences.some((one) => one.points !== undefined);
  const room = Number.isFinite(width) ? width : 80;
  return tableLines({
    columns: ["differs", "A", "B", ...(points ? ["at"] : [])]
      .map((name) => ({ name, numeric: false })),
    rows: differences.map(({ stage, what, a, b, points: at }) => [
      /^[\w.]+$/.test(what) ? `${stage}.${what}` : `${stage} ${what}`,
      a ?? "-",
      b ?? "-",
      ...(points ? [at ?? ""] : []),
    ]),
  }, room);
}

/** Compares two requests of experiments: parameters that differ, and metrics as means over seeds. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type KeyDifference, keyDifferencesTable, ownDifferences } from "./key_differences.ts";
import {
  differenceOf,
  inOrder,
  mainOf,
  type Metric,
  type MetricPair,
  metricText,
  signedText,
} from "../text/metrics.ts";
import { rowsOf } from "../database/read_results.ts";
import { mixedCaution } from "./mixed_caution.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { variantOf } from "../text/seed_axes.ts";
import { timeText } from "../text/number_text.ts";
import { tableLines } from "../text/sql_table.ts";
import type { RequestRecord } from "../database/stored_files.ts";

export interface ExperimentComparison {
  readonly a: RequestHead;
  readonly b: RequestHead;
  /** Differences of runs that both have; `points` says which runs of the stage, unless all do. */
  readonly differences: readonly (KeyDifference & { readonly points?: string })[];
  /** Labels that only one of the two has. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
  readonly metrics: readonly VariantMetric[];
  /** Set where the two were computed in different circumstances that are not part of keys. */
  readonly caution?: string;
}

export interface RequestHead {
  readonly experiment: string;
  /** ISO 8601, UTC. */
  readonly requested: string;
  readonly runs: number;
}

/** Means over seeds; if both have the variant, over the seeds that both have. */
export interface VariantMetric extends MetricPair {
  readonly stage: string;
  /** Swept parameter -> value, without seeds. */
  readonly variant: Readonly<Record<string, unknown>>;
  /** Number of runs that a mean is over. */
  readonly runs: number;
}

type RequestedNode = RequestRecord["nodes"][number];

export async function compareExperiments(
  connection: DuckDBConnection,
  [a, b]: readonly [RequestRecord, RequestRecord],
): Promise<ExperimentComparison> {
  const labels = ({ nodes }: RequestRecord) => new Set(nodes.map(({ label }) => label));
  const [inA, inB] = [labels(a), labels(b)];
  const caution = await mixedCaution(connection, [a.id, b.id]);
  return {
    a: headOf(a),
    b: headOf(b),
    differences: stageDifferences(a, b),
    onlyA: [...inA].filter((label) => !inB.has(label)),
    onlyB: [...inB].filter((label) => !inA.has(label)),
    metrics: await variantMetrics(connection, a, b),
    ...(caution !== undefined && { caution }),
  };
}

function headOf({ experiment, requested, nodes }: RequestRecord): RequestHead {
  return { experiment, requested, runs: nodes.length };
}

/** Differences of runs with the same label; equal ones of several runs are listed once. */
function stageDifferences(a: RequestRecord, b: RequestRecord): ExperimentComparison["differences"] {
  const others = new Map(b.nodes.map((node) => [node.label, node]));
  const pairs = a.nodes.flatMap((node) => {
    const other = others.get(node.label);
    return other === undefined ? [] : [[node, other] as const];
  });
  const sizes = Map.groupBy(pairs, ([{ stage }]) => stage);
  const found = pairs.flatMap(([one, other]) =>
    one.key === other.key
      ? []
      : ownDifferences(one, other).map((difference) => ({ difference, label: one.label }))
  );
  return [...Map.groupBy(found, ({ difference }) => JSON.stringify(difference)).values()]
    .map((same) => {
      const { difference } = same[0]!;
      const all = sizes.get(difference.stage)!.length;
      if (same.length === all) return difference;
      const points = same.length === 1 ? same[0]!.label : `${same.length} of ${all} runs`;
      return { ...difference, points };
    });
}

interface Valued extends Metric {
  readonly node: RequestedNode;
  readonly variant: Record<string, unknown>;
}

async function variantMetrics(
  connection: DuckDBConnection,
  a: RequestRecord,
  b: RequestRecord,
): Promise<VariantMetric[]> {
  const rows = await rowsOf<Metric & { run: string }>(
    connection,
    "SELECT run, name, split, value FROM metric",
  );
  const byRun = Map.groupBy(rows, ({ run }) => run);
  const valued = ({ nodes }: RequestRecord): Map<string, Valued[]> =>
    Map.groupBy(
      nodes.flatMap((node) => {
        const variant = variantOf(node.point);
        return (byRun.get(node.key) ?? []).map(({ run: _, ...metric }) => ({
          ...metric,
          node,
          variant,
        }));
      }),
      ({ node, variant, name, split }) => JSON.stringify([node.stage, variant, name, split]),
    );
  const [inA, inB] = [valued(a), valued(b)];
  const pairs = [...new Set([...inA.keys(), ...inB.keys()])].map((key): VariantMetric => {
    const [one = [], other = []] = [inA.get(key), inB.get(key)];
    const { node, variant, name, split } = (one[0] ?? other[0])!;
    const [left, right] = one.length > 0 && other.length > 0
      ? [paired(one, other), paired(other, one)]
      : [one, other];
    const [from, to] = [mean(left), mean(right)];
    return {
      stage: node.stage,
      variant,
      name,
      split,
      a: from,
      b: to,
      difference: differenceOf(from, to),
      runs: Math.max(left.length, right.length),
    };
  }).filter(({ runs }) => runs > 0);
  return inOrder(pairs);
}

/** Those with a counterpart of the same label among the others. */
function paired(these: readonly Valued[], others: readonly Valued[]): Valued[] {
  const labels = new Set(others.map(({ node }) => node.label));
  return these.filter(({ node }) => labels.has(node.label));
}

function mean(values: readonly Valued[]): number | null {
  const numbers = values.flatMap(({ value }) => value ?? []);
  if (numbers.length === 0) return null;
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

export function experimentsText(
  { a, b, differences, onlyA, onlyB, metrics, caution }: ExperimentComparison,
  width: number,
): string {
  const heads = [["A", a], ["B", b]] as const;
  const widest = Math.max(...heads.map(([, { experiment }]) => experiment.length));
  const shown = mainOf(metrics);
  const axes = [...new Set(shown.flatMap(({ variant }) => Object.keys(variant)))];
  const stages = new Set(shown.map(({ stage }) => stage)).size > 1;
  const splits = shown.some(({ split }) => split !== null);
  const left = metrics.length - shown.length;
  return [
    ...heads.map(([name, { experiment, requested, runs }]) =>
      `${name}  ${experiment.padEnd(widest)}  requested ${timeText(requested)}, ` +
      `${runs} runs`
    ),
    "",
    ...(differences.length === 0
      ? ["the runs that both have do not differ"]
      : keyDifferencesTable(differences, width)),
    ...onlyText("A", onlyA),
    ...onlyText("B", onlyB),
    "",
    ...(shown.length === 0 ? ["neither has metrics"] : tableLines({
      columns: [
        ...["metric", ...(splits ? ["split"] : []), ...(stages ? ["stage"] : []), ...axes]
          .map((name) => ({ name, numeric: false })),
        ...["runs", "A", "B", "B - A"].map((name) => ({ name, numeric: true })),
      ],
      rows: shown.map((one) => [
        one.name,
        ...(splits ? [one.split ?? ""] : []),
        ...(stages ? [one.stage] : []),
        ...axes.map((axis) => String(one.variant[axis] ?? "")),
        one.runs,
        metricText(one.a),
        metricText(one.b),
        signedText(one.difference),
      ]),
    }, Number.isFinite(width) ? width : 80)),
    ...(left > 0 ? [`and ${left} more metrics; --json lists all`] : []),
    ...(caution === undefined
      ? []
      : ["", ...wrapped(caution, Number.isFinite(width) ? width : 80)]),
    "",
  ].join("\n");
}

function onlyText(name: string, labels: readonly string[]): string[] {
  if (labels.length === 0) return [];
  const most = 8;
  return [
    `only in ${name}:`,
    ...labels.slice(0, most).map((label) => `  ${label}`),
    ...(labels.length > most ? [`  … ${labels.length - most} more`] : []),
  ];
}

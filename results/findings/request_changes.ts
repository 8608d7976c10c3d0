/** An experiment beside another asking of it, or another experiment: what changed, and by how much. */
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  compareExperiments,
  type ExperimentComparison,
  type VariantMetric,
} from "../queries/compare_experiments.ts";
import { mainOf } from "../text/metrics.ts";
import { processorCaution } from "./environment.ts";
import { compareRequests, variantKey } from "./request_comparison.ts";
import type { Comparison } from "./comparison.ts";
import { pText, significanceMark } from "./comparison_text.ts";
import type { RequestRecord } from "../database/stored_files.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { changeText, leastChange } from "./change_text.ts";
import { metricTitle, signedValue, timeText } from "../text/number_text.ts";
import type { Question } from "../database/question.ts";

export interface Against {
  /** Of the other: `a` is it, `b` is the reported one. */
  readonly comparison: ExperimentComparison;
  /** Metrics that tell most and that both have, as far as they moved: means over the seeds of both. */
  readonly metrics: readonly ChangedMetric[];
  /** Those that only one of the two has: means over its own seeds. */
  readonly alone: readonly VariantMetric[];
  /** Of those that tell most, how many are the same as before. */
  readonly same: number;
  /** Where the two were computed on several kinds of processor. */
  readonly caution?: string;
  /** By which the intervals and p come out again. */
  readonly question: Question;
}

export interface ChangedMetric extends VariantMetric {
  /** What the hits of both tell, query by query; nothing for what is not counted in hits. */
  readonly compared?: Comparison;
}

/** The differences are the reported one minus the other. */
export async function againstOf(
  connection: DuckDBConnection,
  reported: RequestRecord,
  other: RequestRecord,
): Promise<Against> {
  const comparison = await compareExperiments(connection, [other, reported]);
  const { compared, question } = await compareRequests(connection, {
    before: other,
    now: reported,
  });
  const caution = await processorCaution(connection, [other.id, reported.id]);
  const byPlace = new Map(compared.map((row) => [placeOf(row, row.variant, row.metric), row]));
  const shown = mainOf(comparison.metrics);
  const alone = shown.filter(({ difference }) => difference === null);
  const metrics = shown
    .filter(({ difference }) => difference !== null && Math.abs(difference) > leastChange)
    .map((metric): ChangedMetric => {
      const found = byPlace.get(placeOf(metric, variantKey(metric.variant), metric.name));
      return found === undefined ? metric : { ...metric, compared: found };
    });
  return {
    comparison,
    metrics,
    alone,
    ...(caution !== undefined && { caution }),
    same: shown.length - metrics.length - alone.length,
    question,
  };
}

function placeOf(
  { stage, split }: { readonly stage: string; readonly split: string | null },
  variant: string,
  metric: string,
): string {
  return JSON.stringify([stage, split, variant, metric]);
}

/** In words, what the numbers of changed metrics are. */
export const howCompared =
  "Means over the seeds that both have; recalls in percent, changes in points. 95 % interval over test " +
  "images, or pairs of them (paired bootstrap), p of a paired permutation test over the queries that " +
  "both ranked, corrected for the number of changed variants (Holm)";

export interface ChangedTexts {
  readonly before: string;
  readonly now: string;
  readonly change: string;
  /** `−0.9 … +2.3`; empty where nothing can be said. */
  readonly interval: string;
  readonly p: string;
  /** ▲ or ▼ where the change is significant. */
  readonly mark: string;
}

export function changedTexts(metric: ChangedMetric): ChangedTexts {
  const { compared } = metric;
  return {
    ...changeText(metric),
    interval: compared === undefined
      ? ""
      : `${signedValue(compared.low, true)} … ${signedValue(compared.high, true)}`,
    p: compared === undefined ? "" : pText(compared),
    mark: compared === undefined ? "" : significanceMark(compared),
  };
}

const mostLines = 12;
const width = 80;

/** In lines of at most 80 columns. */
export function againstText({ comparison, metrics, alone, same, caution }: Against): string {
  const { a, differences, onlyA, onlyB } = comparison;
  const lines = [...metrics.map(changedLine), ...alone.map(aloneLine)];
  const more = lines.length - mostLines;
  const all = metrics.length + same;
  return [
    `since ${a.experiment} as asked ${timeText(a.asked)}:`.slice(0, width),
    `  ${differences.length} parameters, digests or inputs differ, ` +
    `${onlyA.length + onlyB.length} runs are in one alone`,
    `  ${metrics.length} of ${all} main metrics changed` +
    (metrics.length === 0 ? "" : " (recalls in percent; 95 % interval, p (Holm))"),
    ...(alone.length === 0 ? [] : [`  ${alone.length} main metrics are in one of the two alone`]),
    ...lines.slice(0, mostLines),
    ...(more > 0 ? [`  … ${more} more are in the report`] : []),
    ...(caution === undefined ? [] : wrapped(caution, width - 2).map((line) => `  ${line}`)),
    "",
  ].join("\n");
}

function changedLine(metric: ChangedMetric): string {
  const { before, now, change, interval, p, mark } = changedTexts(metric);
  const sure = interval === "" ? "" : ` [${interval.replace(" … ", ", ")}] p ${p}`;
  return lineOf(metric, `${before} → ${now}, ${change}${sure}${mark === "" ? "" : ` ${mark}`}`);
}

function aloneLine(metric: VariantMetric): string {
  const { before, now } = changeText(metric);
  return lineOf(metric, now === "" ? `only before: ${before}` : `only now: ${now}`);
}

/** The numbers stand whole; names give way. */
function lineOf({ stage, variant, name, split }: VariantMetric, numbers: string): string {
  const metric = metricTitle(name) + (split === null ? "" : ` on ${split}`);
  const of = `${[stage, ...Object.values(variant).map(String)].join(" ")}: ${metric}`;
  const room = width - 3 - numbers.length;
  return `  ${of.length <= room ? of : `${of.slice(0, room - 1)}…`} ${numbers}`;
}

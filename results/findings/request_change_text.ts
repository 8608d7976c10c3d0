/** Changes between two requests in words and numbers. */
import type { VariantMetric } from "../queries/compare_experiments.ts";
import { isPercent } from "../text/metric_tables.ts";
import type { MetricPair } from "../text/metrics.ts";
import { countText, metricTitle, timeText } from "../text/number_text.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { howCertain, intervalText, pText, significanceMark, width } from "./comparison_text.ts";
import type { ChangedMetric, RequestChanges } from "./request_changes.ts";

/** What the numbers of changed metrics are. */
export const howCompared =
  "Means over the seeds that both have; recalls in percent, changes in percentage points, with " +
  `${howCertain}, on the queries that both ranked, Holm-corrected for the number of changed variants`;

export interface ChangeText {
  /** Empty where there is no such number. */
  readonly before: string;
  readonly now: string;
  readonly change: string;
}

const mostDecimals = 10;

/**
 * Recalls, their sums and other shares in percent, their changes in percentage points. One decimal for
 * these and three for other numbers, or more where different numbers would otherwise look the same.
 */
export function changeText({ name, a, b, difference }: MetricPair): ChangeText {
  const percent = isPercent(name);
  const written = (value: number | null, decimals: number) =>
    value === null ? "" : (percent ? 100 * value : value).toFixed(decimals);
  const hidden = (decimals: number) =>
    difference !== null && difference !== 0 &&
    (written(a, decimals) === written(b, decimals) || Number(written(difference, decimals)) === 0);
  let decimals = percent ? 1 : 3;
  while (decimals < mostDecimals && hidden(decimals)) decimals++;
  const size = difference === null ? "" : written(Math.abs(difference), decimals);
  const sign = difference === null || difference === 0 ? "" : difference > 0 ? "+" : "−";
  return {
    before: written(a, decimals),
    now: written(b, decimals),
    change: `${sign}${size}`,
  };
}

export interface ChangedTexts extends ChangeText {
  /** `−0.9 … +2.3`; empty where there is none, and so is `p`. */
  readonly interval: string;
  readonly p: string;
  /** ▲ or ▼ where the change is significant. */
  readonly mark: string;
}

export function changedTexts(metric: ChangedMetric): ChangedTexts {
  const { compared } = metric;
  return {
    ...changeText(metric),
    interval: compared === undefined ? "" : intervalText(compared),
    p: compared === undefined ? "" : pText(compared),
    mark: compared === undefined ? "" : significanceMark(compared),
  };
}

/** The varied parameters, in order of appearance. */
export function axesOf(metrics: readonly VariantMetric[]): string[] {
  return [...new Set(metrics.flatMap(({ variant }) => Object.keys(variant)))];
}

/** Titles of the columns that say which metric a row is about; `placeCells` has their cells. */
export function placeTitles(axes: readonly string[]): string[] {
  return ["stage", "metric", "split", ...axes];
}

export function placeCells(
  { stage, name, split, variant }: VariantMetric,
  axes: readonly string[],
): string[] {
  return [
    stage,
    metricTitle(name),
    split ?? "",
    ...axes.map((axis) => String(variant[axis] ?? "")),
  ];
}

/** Titles of the columns that compare the two requests. */
export const changeTitles = [
  "before",
  "now",
  "change",
  "seeds",
  "95 % interval",
  "Holm-corrected p",
];

const mostLines = 12;

/** For the terminal, in lines of at most 80 columns. */
export function changesText(
  { comparison, metrics, unmatched, unchanged, caution }: RequestChanges,
): string {
  const { a, differences, onlyA, onlyB } = comparison;
  const lines = [...metrics.map(changedLine), ...unmatched.map(unmatchedLine)];
  const more = lines.length - mostLines;
  const indented = (text: string) => wrapped(text, width - 2).map((line) => `  ${line}`);
  return [
    `Compared with ${a.experiment} as requested ${timeText(a.requested)}:`.slice(0, width),
    `  ${
      countText(differences.length, "parameter, digest or input", "parameters, digests or inputs")
    }` +
    ` changed; ${countText(onlyA.length + onlyB.length, "run")} in only one of the two`,
    `  ${metrics.length} of ${countText(metrics.length + unchanged, "main metric")} changed` +
    (metrics.length === 0 ? "" : " (recalls in %; 95 % interval, Holm-corrected p)"),
    ...(unmatched.length === 0
      ? []
      : [`  ${countText(unmatched.length, "main metric")} in only one of the two`]),
    ...lines.slice(0, mostLines),
    ...(more > 0 ? [`  … ${more} more in the report`] : []),
    ...(caution === undefined ? [] : indented(caution)),
    "",
  ].join("\n");
}

function changedLine(metric: ChangedMetric): string {
  const { before, now, change, interval, p, mark } = changedTexts(metric);
  const test = interval === "" ? "" : ` [${interval.replace(" … ", ", ")}] p ${p}`;
  return lineOf(metric, `${before} → ${now}, ${change}${test}${mark === "" ? "" : ` ${mark}`}`);
}

function unmatchedLine(metric: VariantMetric): string {
  const { before, now } = changeText(metric);
  return lineOf(metric, now === "" ? `only before: ${before}` : `only now: ${now}`);
}

/** Shortens names, never numbers. */
function lineOf({ stage, variant, name, split }: VariantMetric, numbers: string): string {
  const metric = metricTitle(name) + (split === null ? "" : ` on ${split}`);
  const place = `${[stage, ...Object.values(variant).map(String)].join(" ")}: ${metric}`;
  const room = width - 3 - numbers.length;
  return `  ${place.length <= room ? place : `${place.slice(0, room - 1)}…`} ${numbers}`;
}

/**
 * Estimates from the spread of the results how many seeds and test images would show a difference of a
 * given size: with power 0.8, at the level that Holm compares the smallest p with.
 */
import { leadingMetrics } from "../text/metrics.ts";
import { metricTitle } from "../text/number_text.ts";
import { type Components, mostUnits, unitsNeeded } from "../statistics/crossed_power.ts";
import type { Comparison } from "./comparison.ts";
import { power, significanceLevel } from "./uncertainty.ts";

/** Numbers of seeds that are considered. */
export const seedCounts: readonly number[] = [3, 5, 10, 20];

/** Differences that are considered; fractions. */
export const sizes: readonly number[] = [0.01, 0.02, 0.05, 0.1, 0.2];

/** What it would take to show a difference in one metric. */
export interface Design {
  readonly stage: string;
  readonly split: string | null;
  readonly metric: string;
  readonly unit: Comparison["unit"];
  /** A fraction. */
  readonly difference: number;
  /** Units needed with each of `seedCounts`; undefined where even `mostUnits` do not suffice. */
  readonly needed: readonly (number | undefined)[];
  /** Seeds of the results that it is estimated from. */
  readonly seeds: number;
}

/** For each leading metric with at least two seeds, the sizes that its results cannot detect yet. */
export function designsOf(comparisons: readonly Comparison[]): Design[] {
  const groups = Map.groupBy(
    comparisons.filter(({ components }) => components !== null),
    ({ stage, split }) => JSON.stringify([stage, split]),
  );
  return [...groups.values()].flatMap((rows) =>
    leadingMetrics(rows.map(({ metric }) => metric)).flatMap((metric) =>
      designsOfMetric(rows.filter((row) => row.metric === metric))
    )
  );
}

/** @param rows of all variants */
function designsOfMetric(rows: readonly Comparison[]): Design[] {
  const { stage, split, metric, unit, variants } = rows[0]!;
  const components = meanComponents(rows.flatMap(({ components }) => components ?? []));
  if (Object.values(components).every((variance) => variance === 0)) return [];
  const least = Math.max(...rows.map(({ detectable }) => detectable));
  const options = { level: significanceLevel / variants, power };
  return sizes.filter((difference) => difference < least).map((difference) => ({
    stage,
    split,
    metric,
    unit,
    difference,
    needed: seedCounts.map((seeds) => unitsNeeded(components, { seeds, difference }, options)),
    seeds: Math.max(...rows.map(({ seeds }) => seeds)),
  }));
}

/** Of few seeds each variance is a rough estimate; their mean over the variants is a better one. */
function meanComponents(all: readonly Components[]): Components {
  const mean = (of: keyof Components) =>
    all.reduce((sum, components) => sum + components[of], 0) / all.length;
  return { ofSeeds: mean("ofSeeds"), ofUnits: mean("ofUnits"), ofRest: mean("ofRest") };
}

/**
 * One sentence about the largest difference that the results cannot detect, in the metric that detects the
 * smallest; undefined where there is none.
 */
export function designSentence(comparisons: readonly Comparison[]): string | undefined {
  const designs = designsOf(comparisons.filter(({ metric }) => metric !== "rsum"));
  const finest = [...Map.groupBy(designs, ({ metric }) => metric).values()]
    .sort((a, b) => a.length - b.length)[0]?.at(-1);
  if (finest === undefined) return undefined;
  const { metric, difference, unit, needed } = finest;
  const ways = needed.flatMap((units, place) =>
    units === undefined ? [] : [{ units, seeds: seedCounts[place]! }]
  ).slice(0, 2);
  const what = `${Math.round(100 * difference)} points (${metricTitle(metric)})`;
  if (ways.length === 0) return `To detect ${what}, ${seedCounts.at(-1)} seeds do not suffice.`;
  return `To detect ${what}: ${
    ways.map(({ seeds, units }, place) =>
      `${seeds} ${place === 0 ? "seeds " : ""}with ${units.toLocaleString("en")}${
        place === 0 ? ` ${unit}` : ""
      }`
    ).join(", or ")
  }.`;
}

/** What the table of designs shows. */
export function designsCaption(designs: readonly Design[]): string {
  const most = Math.max(...designs.map(({ seeds }) => seeds));
  return `Test images, families or pairs needed with each number of seeds to find a true difference ` +
    `with ${Math.round(100 * power)} % power; – where ${
      mostUnits.toLocaleString("en")
    } are too few. ` +
    `Estimated from the spread of these results, which ${most} seeds show only roughly`;
}

/** Columns of the table of designs. */
export const designTitles: readonly { readonly title: string; readonly numeric?: boolean }[] = [
  { title: "stage" },
  { title: "split" },
  { title: "metric" },
  { title: "points", numeric: true },
  ...seedCounts.map((seeds) => ({ title: `${seeds} seeds`, numeric: true })),
];

/** The cells of a row of the table of designs. */
export function designCells(design: Design): string[] {
  const { stage, split, metric, difference, unit, needed } = design;
  return [
    stage,
    split ?? "all",
    metricTitle(metric),
    String(Math.round(100 * difference)),
    ...needed.map((units) => units === undefined ? "–" : `${units.toLocaleString("en")} ${unit}`),
  ];
}

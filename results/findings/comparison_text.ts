/** Comparisons in words, at most 80 columns wide. */
import { leadingMetrics } from "../text/metrics.ts";
import { type Comparison, intervalLevel, significanceLevel } from "./comparison.ts";

/** Stands behind a mean that is significantly better or worse than the baseline's. */
export function significanceMark(
  { significant, difference }: Pick<Comparison, "significant" | "difference">,
): "▲" | "▼" | "" {
  if (!significant) return "";
  return difference > 0 ? "▲" : "▼";
}

/** What was resampled. */
export function resampledUnit({ metric }: Pick<Comparison, "metric">): "images" | "pairs" {
  return metric.startsWith("pair_") ? "pairs" : "images";
}

/** Holm's p, as every report writes it. */
export function pText({ pHolm }: Pick<Comparison, "pHolm">): string {
  return pHolm.toFixed(pHolm < 0.001 ? 4 : 3);
}

/** `3`, or `1 of 3` where fewer are there than were asked. */
export function seedsText(
  { seeds, askedSeeds }: Pick<Comparison, "seeds" | "askedSeeds">,
): string {
  return seeds < askedSeeds ? `${seeds} of ${askedSeeds}` : String(seeds);
}

/** What p is corrected for, where that is more than can be seen. */
export function awaitedLines(
  { variants, awaited }: Pick<Comparison, "variants" | "awaited">,
): string[] {
  return awaited === 0
    ? []
    : [`Holm counts all ${variants} variants, ${awaited} of them not there yet.`];
}

/**
 * A line for each leading metric; all are marked in the table.
 *
 * @param comparisons of one stage and split, at least one
 */
export function comparisonLines(comparisons: readonly Comparison[]): string[] {
  const { baseline, images } = comparisons[0]!;
  const unit = resampledUnit(comparisons[0]!);
  const told = leadingMetrics(comparisons.map(({ metric }) => metric));
  const shown = comparisons.filter(({ metric }) => told.includes(metric));
  const widestOf = (textOf: (row: Comparison) => string) =>
    Math.max(...shown.map((row) => textOf(row).length));
  const widths = { name: widestOf(nameOf), metric: widestOf(({ metric }) => metricText(metric)) };
  const order = [...new Set(shown.map(({ variant }) => variant))];
  const lines = order.flatMap((variant) =>
    shown.filter((row) => row.variant === variant).map((row, index) => {
      const name = (index === 0 ? nameOf(row) : "").padEnd(widths.name);
      const interval = `[${signed(row.low)}, ${signed(row.high)}]`.padEnd(15);
      const mark = significanceMark(row);
      const metric = metricText(row.metric).padEnd(widths.metric);
      return `  ${name}  ${metric} ${signed(row.difference).padStart(5)} ` +
        `${interval} p ${pText(row)}${mark === "" ? "" : ` ${mark}`}`;
    })
  );
  const [fewest, most] = [Math.min, Math.max].map((of) =>
    of(...comparisons.map((row) => row.seeds))
  );
  const seeds = fewest === most ? `${most}` : `${fewest} to ${most}`;
  return [
    `difference from ${clipped(baseline)} in points`,
    `(${
      percent(intervalLevel)
    } interval over ${images} ${unit}, p (Holm) of a paired permutation test)`,
    ...lines,
    verdict(comparisons),
    ...awaitedLines(comparisons[0]!),
    ...missedLines(shown, { told, unit }),
    most === 1
      ? `One seed: another training may differ by more than another choice of ${unit}.`
      : `${seeds} seeds: ± is their spread; intervals and p are over test ${unit} alone.`,
  ];
}

/** With how many seeds it has, where these are fewer than were asked. */
function nameOf(row: Comparison): string {
  if (row.seeds === row.askedSeeds) return clipped(row.variant);
  const fewer = ` (${seedsText(row)} seeds)`;
  return `${clipped(row.variant, longest - fewer.length)}${fewer}`;
}

function verdict(comparisons: readonly Comparison[]): string {
  const { variants } = comparisons[0]!;
  const how = `${percent(significanceLevel)}${
    variants > 1 ? `, Holm over ${variants} variants` : ""
  }`;
  const marks = new Set(comparisons.map(significanceMark));
  const words = [
    ...(marks.has("▲") ? ["▲ significantly better"] : []),
    ...(marks.has("▼") ? ["▼ significantly worse"] : []),
  ];
  return words.length === 0
    ? `No number differs significantly (${how}).`
    : `${words.join(", ")} (${how})`;
}

function missedLines(
  shown: readonly Comparison[],
  { told, unit }: { readonly told: readonly string[]; readonly unit: string },
): string[] {
  const largest = told.flatMap((metric) => {
    const found = shown.filter((row) => row.metric === metric);
    return found.length === 0
      ? []
      : [{ metric, of: Math.max(...found.map((row) => row.detectable)) }];
  });
  if (largest.some(({ of }) => of === Infinity)) {
    return [`Not marked is not equal: so few ${unit} can show no difference, however large.`];
  }
  const points = largest.map(({ metric, of }, place) =>
    `${(100 * of).toFixed(1)}${place === 0 ? " points" : ""} (${metricText(metric)})`
  ).join(", ");
  const missed = `would be missed${levelText(shown[0]!)}.`;
  return [
    `Not marked is not equal: on so many ${unit} at least one in five differences of`,
    ...(points.length + missed.length < 80 ? [`${points} ${missed}`] : [points, missed]),
  ];
}

/** The level that the smallest p is held to, where that is another than without a correction. */
export function levelText({ variants }: Pick<Comparison, "variants">): string {
  return variants > 1 ? ` at ${percent(significanceLevel)} / ${variants}` : "";
}

function metricText(metric: string): string {
  if (metric === "rsum") return metric;
  if (metric === "pair_group") return "group";
  const [direction, cutoff] = metric.split("_r");
  return `${direction === "i2t" ? "i→t" : "t→i"} R@${cutoff}`;
}

/** In points. */
function signed(difference: number): string {
  const size = Math.abs(100 * difference).toFixed(1);
  return `${difference < 0 && Number(size) > 0 ? "−" : "+"}${size}`;
}

const longest = 30;

function clipped(name: string, most = longest): string {
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

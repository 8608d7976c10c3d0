/** Comparisons in words. Lines for the terminal are at most 80 columns wide. */
import { leadingMetrics } from "../text/metrics.ts";
import { metricTitle, signedValue, valueText } from "../text/number_text.ts";
import { shortNames } from "../text/variant_names.ts";
import { type RequestedVariant, variantsWithoutBaseline } from "./variants.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import type { Comparison } from "./comparison.ts";
import { designSentence } from "./designs.ts";
import { intervalLevel, leastSeedP, power, significanceLevel } from "./uncertainty.ts";

/** Shown after a mean that is significantly better or worse than the baseline's. */
export function significanceMark(
  { significant, difference }: Pick<Comparison, "significant" | "difference">,
): "▲" | "▼" | "" {
  if (!significant) return "";
  return difference > 0 ? "▲" : "▼";
}

/** `100 images`, or `3 seeds and 100 images` where interval and p cover both. */
export function sampleText({ seeds, pSeeds, units, unit }: Comparison): string {
  return `${pSeeds === null ? "" : `${seeds} seeds and `}${units} ${unit}`;
}

/** `0.250`, and in parentheses the least that this many seeds can give; empty for one seed. */
export function seedPText({ pSeeds, seeds }: Pick<Comparison, "pSeeds" | "seeds">): string {
  return pSeeds === null ? "" : `${shortP(pSeeds)} (≥ ${shortP(leastSeedP(seeds))})`;
}

function shortP(p: number): string {
  return p.toFixed(p < 0.001 ? 4 : 3);
}

/** What interval and p are, in the words of reports. */
export const howCertain =
  "a 95 % confidence interval and p-value over seeds and test images or pairs together (crossed " +
  "random effects), or over images or pairs alone with one seed (paired bootstrap and permutation test)";

/** The Holm-corrected p, as every report writes it. */
export function pText({ pHolm }: Pick<Comparison, "pHolm">): string {
  return shortP(pHolm);
}

/** `−0.9 … +2.3`, in percentage points. */
export function intervalText({ low, high }: Pick<Comparison, "low" | "high">): string {
  return `${signedValue(low, true)} … ${signedValue(high, true)}`;
}

/** `3`, or `1 of 3` where some of the requested seeds have no result. */
export function seedsText(
  { seeds, requestedSeeds }: Pick<Comparison, "seeds" | "requestedSeeds">,
): string {
  return seeds < requestedSeeds ? `${seeds} of ${requestedSeeds}` : String(seeds);
}

/** `3`, or `1 to 3` where rows have different numbers of seeds. */
export function seedRange(rows: readonly { readonly seeds: number }[]): string {
  const [fewest, most] = [Math.min, Math.max].map((of) => of(...rows.map(({ seeds }) => seeds)));
  return fewest === most ? `${most}` : `${fewest} to ${most}`;
}

/**
 * The differences from the baseline, a line for each variant and leading metric, and how to read them.
 *
 * @param comparisons of one stage and split, either recalls or accuracies on pairs; at least one
 */
export function comparisonLines(comparisons: readonly Comparison[]): string[] {
  const { baseline, units, unit } = comparisons[0]!;
  const leading = leadingMetrics(comparisons.map(({ metric }) => metric));
  const shown = comparisons.filter(({ metric }) => leading.includes(metric));
  const widestOf = (textOf: (row: Comparison) => string) =>
    Math.max(...shown.map((row) => textOf(row).length));
  const variants = [...new Set(shown.map(({ variant }) => variant))];
  const names = shortNames(variants, longest - Math.max(...shown.map((row) => fewer(row).length)));
  const nameOf = (row: Comparison) => `${names.get(row.variant)}${fewer(row)}`;
  const widths = { name: widestOf(nameOf), metric: widestOf(metricText) };
  const lines = variants.flatMap((variant) =>
    shown.filter((row) => row.variant === variant).map((row, index) => {
      const name = (index === 0 ? nameOf(row) : "").padEnd(widths.name);
      const interval = `[${signedValue(row.low, true)}, ${signedValue(row.high, true)}]`.padEnd(15);
      const mark = significanceMark(row);
      const difference = signedValue(row.difference, true).padStart(5);
      return `  ${name}  ${metricText(row).padEnd(widths.metric)} ${difference} ${interval} ` +
        `p ${pText(row)}${mark === "" ? "" : ` ${mark}`}`;
    })
  );
  const design = designSentence(comparisons);
  return [
    ...wrapped(
      `Difference from ${clipped(baseline)} in percentage points, with a ` +
        `${percent(intervalLevel)} confidence interval over ` +
        (comparisons.every(({ pSeeds }) => pSeeds === null)
          ? `${units} ${unit} and the Holm-corrected p of a paired permutation test:`
          : `${seedRange(comparisons)} seeds and ${units} ${unit} together, and its ` +
            "Holm-corrected p:"),
      width,
    ),
    ...lines,
    verdict(comparisons),
    ...cautionsOf(comparisons).flatMap(sentenceLines),
    ...(design === undefined ? [] : sentenceLines(design)),
  ];
}

/** A sentence in lines of at most 80 columns, without breaks in `20 %` and `alpha = 5 %/3`. */
function sentenceLines(sentence: string): string[] {
  const glued = sentence.replace(/(alpha = )?\d+ %/g, (share) => share.replaceAll(" ", "\0"));
  return wrapped(glued, width).map((line) => line.replaceAll("\0", " "));
}

/** What the comparisons cannot show, a sentence each. */
export function cautionsOf(comparisons: readonly Comparison[]): string[] {
  const pending = comparisons.find((row) => row.pending > 0);
  return [
    ...(pending === undefined ? [] : [
      `Holm's correction counts all ${pending.variants} variants; ${pending.pending} of them ` +
      `${pending.pending === 1 ? "has" : "have"} no result yet.`,
    ]),
    ...powerSentences(comparisons),
    ...seedSentences(comparisons),
  ];
}

/** A sentence about variants that cannot be compared; empty if all can. */
export function missingBaselines(requested: readonly RequestedVariant[]): string {
  const names = variantsWithoutBaseline(requested);
  if (names.length === 0) return "";
  return `No difference is shown where the baseline with the same other values was not requested: ${
    names.join("; ")
  }.`;
}

function seedSentences(comparisons: readonly Comparison[]): string[] {
  const [fewest, most] = [Math.min, Math.max]
    .map((of) => of(...comparisons.map(({ seeds }) => seeds))) as [number, number];
  const single = "intervals and p cover the choice of test images alone; training with another " +
    "seed may change the numbers more.";
  if (most === 1) return [`Only one seed: ${single}`];
  return [
    `± is the standard deviation over ${
      seedRange(comparisons)
    } seeds. Over ${most} seeds alone, a ` +
    `sign-flip test gives no p below ${Number(leastSeedP(most).toPrecision(2))}.`,
    ...(most === 2 ? ["Two seeds are too few for a reliable p."] : []),
    ...(fewest === 1 ? [`With one seed, ${single}`] : []),
  ];
}

/** The minimum detectable effect of each leading metric, for each number of images or pairs. */
function powerSentences(comparisons: readonly Comparison[]): string[] {
  const leading = leadingMetrics(comparisons.map(({ metric }) => metric));
  const groups = Map.groupBy(
    comparisons.filter(({ metric }) => leading.includes(metric)),
    sampleText,
  );
  return [...groups].flatMap(([sample, rows]) => {
    const effects = leading.flatMap((metric) => {
      const own = rows.filter((row) => row.metric === metric);
      if (own.length === 0) return [];
      return [{ metric, size: Math.max(...own.map(({ detectable }) => detectable)) }];
    });
    const sized = effects.filter(({ size }) => Number.isFinite(size));
    const none = effects.filter(({ size }) => !Number.isFinite(size));
    const sizes = sized.map(({ metric, size }, place) =>
      `${valueText(size, true)}${place === 0 ? " points" : ""} (${metricText({ metric })})`
    );
    return [
      ...(sized.length === 0 ? [] : [
        `${notEqual} with ${sample}, a true difference of ${listed(sizes)} would go undetected ` +
        `at least ${percent(1 - power)} of the time (alpha = ${levelText(rows[0]!)}).`,
      ]),
      ...(none.length === 0 ? [] : [
        `${notEqual} ${sample} are too few to detect any difference ` +
        `(${listed(none.map(metricText))}), however large.`,
      ]),
    ];
  });
}

const notEqual = "No significant difference does not mean equal:";

/** The level that Holm compares the smallest p with. */
function levelText({ variants }: Pick<Comparison, "variants">): string {
  return `${percent(significanceLevel)}${variants > 1 ? `/${variants}` : ""}`;
}

/** `a`, `a or b`, `a, b or c`. */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** The number of its seeds where some of the requested ones have no result. */
function fewer(row: Comparison): string {
  return row.seeds === row.requestedSeeds ? "" : ` (${seedsText(row)} seeds)`;
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

/** Without `pairs: `, which the text around it says. */
function metricText({ metric }: Pick<Comparison, "metric">): string {
  return metricTitle(metric).replace(/^pairs: /, "");
}

/** Columns that fit every terminal. */
export const width = 80;
const longest = 30;

function clipped(name: string): string {
  return name.length <= longest ? name : `${name.slice(0, longest - 1)}…`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

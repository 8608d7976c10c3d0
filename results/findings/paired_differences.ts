/** Differences between variants over a few seeds, for metrics without ranked queries. */
import { metricTitle, signedValue } from "../text/number_text.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { width } from "./comparison_text.ts";

/** One metric of one run. */
export interface SeedValue {
  readonly metric: string;
  /** A fraction. */
  readonly value: number;
  /** Values of the varied parameters other than the seed, as text. */
  readonly variant: string;
  /** The variant that it is compared with; itself for a baseline. */
  readonly reference: string;
  readonly seed: string;
}

/**
 * One line per variant and metric, and a caution. Differences are paired: each seed's value minus the
 * baseline's with the same seed, with the sample standard deviation (n - 1) of these differences.
 * @param options.baseline its name, for the heading
 */
export function pairedDifferences(
  rows: readonly SeedValue[],
  { baseline, metrics }: { readonly baseline: string; readonly metrics: readonly string[] },
): string[] {
  const references = new Map(rows.map(({ variant, reference }) => [variant, reference]));
  const variants = [...references].flatMap(([own, reference]) => own === reference ? [] : [own]);
  const valueOf = new Map(
    rows.map(({ variant, metric, seed, value }) => [`${variant}\n${metric}\n${seed}`, value]),
  );
  const seeds = [...new Set(rows.map(({ seed }) => seed))];
  const widest = Math.max(...variants.map((variant) => variant.length));
  const lines = variants.flatMap((variant) =>
    metrics.flatMap((metric, index) => {
      const paired = seeds.flatMap((seed) => {
        const ours = valueOf.get(`${variant}\n${metric}\n${seed}`);
        const theirs = valueOf.get(`${references.get(variant)}\n${metric}\n${seed}`);
        return ours === undefined || theirs === undefined ? [] : [ours - theirs];
      });
      const name = (index === 0 ? variant : "").padEnd(widest);
      return paired.length === 0 ? [] : [
        `  ${name}  ${differenceText(metric, paired)}${
          paired.length < seeds.length ? ` (${paired.length} of ${seeds.length} seeds)` : ""
        }`,
      ];
    })
  );
  if (lines.length === 0) return [];
  const spread = seeds.length < 2 ? "" : ", mean ± standard deviation (SD)";
  return [
    ...wrapped(
      `Difference from ${baseline} in percentage points, paired by seed${spread}:`,
      width,
    ),
    ...lines,
    seedCaution(seeds.length),
  ];
}

/** @param seeds the number of seeds, or a range such as `1 to 3` */
export function seedCaution(seeds: number | string): string {
  return Number(seeds) < 2
    ? "With only one seed, no difference can be distinguished from chance."
    : `${seeds} seeds can suggest a difference; they cannot establish one.`;
}

function differenceText(metric: string, paired: readonly number[]): string {
  const mean = paired.reduce((sum, one) => sum + one, 0) / paired.length;
  const difference = `${metricTitle(metric)} ${signedValue(mean, true)}`;
  if (paired.length < 2) return difference;
  const squares = paired.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (paired.length - 1));
  const text = `${difference} ±${(100 * deviation).toFixed(1)}`.padEnd(20);
  return `${text} ${Math.abs(mean) > deviation ? "more than 1 SD from 0" : "within 1 SD of 0"}`;
}

/**
 * How far each variant is from the baseline, how sure that is, and what it cannot tell: over test
 * images where queries were ranked, else over seeds.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { leadingMetrics } from "../text/metrics.ts";
import { processorCaution } from "./environment.ts";
import { compareVariants, type Comparison } from "./comparison.ts";
import {
  awaitedLines,
  levelText,
  pText,
  resampledUnit,
  seedsText,
  significanceMark,
} from "./comparison_text.ts";
import { hitDifferences } from "./hits.ts";
import { metricTitle, signedValue, valueText } from "../text/number_text.ts";
import type { Differences, VariantDifference } from "./difference_rows.ts";
import { seedDifferences } from "./seed_differences.ts";
import type { Variants } from "./variants.ts";

export async function differencesOf(
  connection: DuckDBConnection,
  asking: string,
  variants: Variants,
): Promise<Differences> {
  const { baseline } = variants;
  if (baseline === undefined) {
    return {
      caption: "",
      rows: [],
      compared: [],
      cautions: ["The experiment names no baseline: no difference is told."],
      question: { what: "the baseline", sql: "SELECT * FROM baseline" },
    };
  }
  const caution = await processorCaution(connection, [asking]);
  const mixed = caution === undefined ? [] : [caution];
  const compared = await compareVariants(connection, asking);
  if (compared.length === 0) {
    const bySeeds = await seedDifferences(connection, asking, variants);
    return { ...bySeeds, cautions: [...mixed, ...bySeeds.cautions] };
  }
  return {
    caption:
      "In points; 95 % interval over test images, or pairs of them (paired bootstrap), p of a paired " +
      "permutation test, corrected for the number of variants (Holm)",
    rows: compared.map(told),
    compared,
    cautions: [...mixed, ...cautionsOf(compared)],
    question: {
      what:
        "hits more than the baseline has, image by image and pair by pair; resampled and tested",
      sql: hitDifferences(asking, variants, baseline),
    },
  };
}

function told(row: Comparison): VariantDifference {
  const { stage, split, variant, metric, difference, low, high, significant } = row;
  return {
    stage,
    split,
    variant,
    metric,
    difference,
    seeds: seedsText(row),
    interval: `${signedValue(low, true)} … ${signedValue(high, true)}`,
    p: pText(row),
    verdict: difference === 0 && low === 0 && high === 0
      ? "no difference seen"
      : !significant
      ? "may be chance"
      : difference > 0
      ? "significantly better"
      : "significantly worse",
    mark: significanceMark(row),
  };
}

function cautionsOf(compared: readonly Comparison[]): string[] {
  const leading = leadingMetrics(compared.map(({ metric }) => metric));
  const largest = leading.flatMap((metric) => {
    const own = compared.filter((row) => row.metric === metric);
    return own.length === 0
      ? []
      : [{ ...own[0]!, missed: Math.max(...own.map(({ detectable }) => detectable)) }];
  });
  const [none, some] = [false, true].map((finite) =>
    largest.filter(({ missed }) => Number.isFinite(missed) === finite)
  );
  const [fewest, most] = [Math.min, Math.max].map((of) => of(...compared.map((row) => row.seeds)));
  const seeds = fewest === most ? `${most}` : `${fewest} to ${most}`;
  const awaiting = compared.find(({ awaited }) => awaited > 0);
  return [
    ...(awaiting === undefined ? [] : awaitedLines(awaiting)),
    ...(some!.length === 0 ? [] : [
      "May be chance is not equal: on so many queries at least one in five differences of " +
      `${
        some!.map(({ metric, missed }) =>
          `${valueText(missed, true)} points (${metricTitle(metric)})`
        )
          .join(", ")
      } would be missed${levelText(some![0]!)}.`,
    ]),
    ...none!.map((row) =>
      `May be chance is not equal: ${row.images} ${resampledUnit(row)} are too few to show any ` +
      `difference (${metricTitle(row.metric)}), however large.`
    ),
    most === 1
      ? "One seed: another training may differ by more than another choice of images."
      : `Intervals and p are over test images alone; ${seeds} seeds can hint at what another ` +
        "training would give, they do not prove it.",
  ];
}

/**
 * The differences of all variants from the baseline, with confidence intervals, p-values and cautions:
 * over test images where queries were ranked, otherwise over seeds.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { mixedCaution } from "../queries/mixed_caution.ts";
import { compareVariants, type Comparison } from "./comparison.ts";
import {
  cautionsOf,
  howCertain,
  intervalText,
  missingBaselines,
  pText,
  seedPText,
  seedsText,
  significanceMark,
} from "./comparison_text.ts";
import { hitDifferences } from "./hits.ts";
import { type Differences, noDifference, type VariantDifference } from "./difference_rows.ts";
import { seedDifferences } from "./seed_differences.ts";
import { requestedVariants, type Variants } from "./variants.ts";

export async function differencesOf(
  connection: DuckDBConnection,
  request: string,
  variants: Variants,
): Promise<Differences> {
  const { baseline } = variants;
  if (baseline === undefined) {
    return {
      caption: "",
      rows: [],
      compared: [],
      cautions: ["The experiment names no baseline, so no differences are computed."],
      question: { what: "the baseline", sql: "SELECT * FROM baseline" },
    };
  }
  const caution = await mixedCaution(connection, [request]);
  const mixed = caution === undefined ? [] : [caution];
  const compared = await compareVariants(connection, request);
  if (compared.length === 0) {
    const bySeeds = await seedDifferences(connection, request, variants);
    return { ...bySeeds, cautions: [...mixed, ...bySeeds.cautions] };
  }
  const requested = await requestedVariants(connection, request, variants);
  const stages = new Set(compared.map(({ stage }) => stage));
  const missing = [...stages].map((stage) => missingBaselines(requested.get(stage) ?? []));
  return {
    caption: `In percentage points, with ${howCertain}, Holm-corrected for the number of variants`,
    rows: compared.map(differenceRow),
    compared,
    cautions: [
      ...mixed,
      ...new Set(missing.filter((text) => text !== "")),
      ...cautionsOf(compared),
    ],
    question: {
      what:
        "difference in hits from the baseline per image and per pair, which is resampled and tested",
      sql: hitDifferences(request, variants),
    },
  };
}

function differenceRow(row: Comparison): VariantDifference {
  const { stage, split, variant, metric, difference, low, high, significant } = row;
  return {
    stage,
    split,
    variant,
    metric,
    difference,
    seeds: seedsText(row),
    interval: intervalText(row),
    p: pText(row),
    pSeeds: seedPText(row),
    verdict: difference === 0 && low === 0 && high === 0
      ? noDifference
      : !significant
      ? "not significant"
      : difference > 0
      ? "significantly better"
      : "significantly worse",
    mark: significanceMark(row),
  };
}

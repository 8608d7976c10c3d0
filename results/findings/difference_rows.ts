/** Differences from the baseline as reports show them: a row per variant and metric. */
import type { Comparison } from "./comparison.ts";
import type { Question } from "../database/question.ts";

export interface Differences {
  /** What the rows are, in words. */
  readonly caption: string;
  readonly rows: readonly VariantDifference[];
  /** What the rows say, as numbers; none where there are only seeds to compare. */
  readonly compared: readonly Comparison[];
  /** What the numbers cannot tell, a sentence each. */
  readonly cautions: readonly string[];
  readonly question: Question;
}

export interface VariantDifference {
  readonly stage: string;
  readonly split: string | null;
  readonly variant: string;
  readonly metric: string;
  /** Variant minus baseline; a fraction. */
  readonly difference: number;
  /** Over how many: `3`, or `1 of 3` where more were asked. */
  readonly seeds: string;
  /** 95 %, in points; empty where nothing can be said. */
  readonly interval: string;
  /** Corrected for the number of variants; empty where there is none. */
  readonly p: string;
  /** In words, such as `may be chance`. */
  readonly verdict: string;
  /** Stands behind the mean in a table: better or worse, or nothing. */
  readonly mark: string;
}

/** The mark of a cell of the first tables: nothing for the baseline and for what may be chance. */
export function markOf(
  { rows }: Differences,
  cell: Pick<VariantDifference, "stage" | "split" | "variant" | "metric">,
): string {
  return rows.find(({ stage, split, variant, metric }) =>
    variant === cell.variant && metric === cell.metric && stage === cell.stage &&
    split === cell.split
  )?.mark ?? "";
}

/** Differences from the baseline as reports show them: a row per variant and metric. */
import type { Comparison } from "./comparison.ts";
import type { Question } from "../database/question.ts";

export interface Differences {
  /** What the rows show. */
  readonly caption: string;
  readonly rows: readonly VariantDifference[];
  /** The rows as numbers; empty where only seeds can be compared. */
  readonly compared: readonly Comparison[];
  /** What the numbers cannot show, a sentence each. */
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
  /** Number of seeds: `3`, or `1 of 3` where more were requested. */
  readonly seeds: string;
  /** 95 % confidence interval in percentage points; empty where there is none. */
  readonly interval: string;
  /** Holm-corrected for the number of variants; empty where there is none. */
  readonly p: string;
  /** Such as `not significant`. */
  readonly verdict: string;
  /** Shown after the mean in a table: ▲ better, ▼ worse, or empty. */
  readonly mark: string;
}

/** The columns of a table of differences. @param staged whether rows are of several stages */
export function differenceColumns(staged: boolean) {
  const names = [...(staged ? ["stage"] : []), "variant", "split", "metric"];
  const numbers = ["points", "seeds", "95 % interval", "Holm-corrected p"];
  return [
    ...names.map((title) => ({ title })),
    ...numbers.map((title) => ({ title, numeric: true })),
    { title: "verdict" },
  ];
}

/** Verdict where no query or seed differs. */
export const noDifference = "no difference observed";

/** The mark of a cell in the first tables; empty for the baseline and where nothing is significant. */
export function markOf(
  { rows }: Differences,
  cell: Pick<VariantDifference, "stage" | "split" | "variant" | "metric">,
): string {
  return rows.find(({ stage, split, variant, metric }) =>
    variant === cell.variant && metric === cell.metric && stage === cell.stage &&
    split === cell.split
  )?.mark ?? "";
}

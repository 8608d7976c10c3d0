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
  /** p of a sign-flip test over the seeds alone, with the least they can give; empty where there is none. */
  readonly pSeeds: string;
  /** Such as `not significant`. */
  readonly verdict: string;
  /** Shown after the mean in a table: ▲ better, ▼ worse, or empty. */
  readonly mark: string;
}

/** Which columns rows need: the stage where there are several, and the test over seeds where it was done. */
export function neededColumns(rows: readonly VariantDifference[]) {
  return {
    staged: new Set(rows.map(({ stage }) => stage)).size > 1,
    seedTest: rows.some(({ pSeeds }) => pSeeds !== ""),
  };
}

/** The columns of a table of differences. */
export function differenceColumns({ staged, seedTest }: ReturnType<typeof neededColumns>) {
  const names = [...(staged ? ["stage"] : []), "variant", "split", "metric"];
  const numbers = ["points", "seeds", "95 % interval", "Holm-corrected p"];
  if (seedTest) numbers.push("p over seeds alone");
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

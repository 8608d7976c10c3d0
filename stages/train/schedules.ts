/** Schedules over the updates: the learning rate, and the weight of the alignment loss. */

export interface LearningRateSchedule {
  /** The highest rate, reached at the end of the warm-up. */
  readonly peak: number;
  /** Number of updates of linear growth. */
  readonly warmup: number;
  /** Number of all updates; after the warm-up the rate decays linearly. */
  readonly total: number;
}

/**
 * The rate of one update. Where it would be 0 (in the last update) it is 1e-8, as in the release.
 * @param update counted from 1
 */
export function learningRate(
  update: number,
  { peak, warmup, total }: LearningRateSchedule,
): number {
  const fraction = update < warmup
    ? update / warmup
    : Math.max(0, (total - update) / Math.max(1, total - warmup));
  return fraction > 0 ? peak * fraction : 1e-8;
}

/** How the weight of the alignment loss grows. `exponential` is the published schedule. */
export type AlignmentSchedule = "exponential" | "linear" | "logarithmic" | "constant";

/**
 * The weight of the alignment loss: exp(5 (done/total - 1)), done/total, 1 - exp(-5 done/total), 1.
 * @param done completed updates: 0 during the first
 */
export function alignmentWeight(
  done: number,
  { total, schedule = "exponential" }: {
    readonly total: number;
    readonly schedule?: AlignmentSchedule;
  },
): number {
  const progress = done / total;
  switch (schedule) {
    case "exponential":
      return Math.exp(5 * (progress - 1));
    case "linear":
      return progress;
    case "logarithmic":
      return 1 - Math.exp(-5 * progress);
    case "constant":
      return 1;
    default:
      return schedule satisfies never;
  }
}

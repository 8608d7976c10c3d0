/**
 * Detects a collapsed training: all pairs get the same score, or correct answers rank no higher than
 * wrong ones. The loss does not show this: a hinge loss stays at twice its margin, and an alignment
 * loss even falls. A collapse is reported; the run is not stopped.
 */
import { mean, type ScoreSigns } from "./score_signs.ts";

/** Number of updates with scores that are evaluated together. */
export const window = 20;
/** Scores are in 0..1 or -1..1. A smaller spread than this means that they do not differ. */
const leastSpread = 1e-3;
/** Share of wrong answers above the correct one. Chance is 0.5, with an error of 0.016 over a window. */
const chance = 0.45;
/** Below this share a collapse is over. */
const recovered = 0.4;
/** A model below this share has learned something; if it falls back to chance, it has collapsed. */
const better = 0.35;

export interface WatchedTraining {
  readonly phase: string;
  readonly warmup: number;
  readonly steps: number;
}

export class CollapseWatch {
  #training: WatchedTraining;
  #seen: ScoreSigns[] = [];
  #wasBetter = false;
  #collapsed = false;

  constructor(training: WatchedTraining) {
    this.#training = training;
  }

  /** Whether training was collapsed in the last window; undefined if no window was complete. */
  get collapsed(): boolean | undefined {
    return this.#seen.length < window ? undefined : this.#collapsed;
  }

  /**
   * Takes the scores of one update into account.
   * @returns a warning, once for each collapse
   */
  see(step: number, signs: ScoreSigns): string | undefined {
    this.#seen = [...this.#seen, signs].slice(-window);
    const { phase, warmup, steps } = this.#training;
    if (this.#seen.length < window) return undefined;
    const spread = mean(this.#seen.map((one) => one.spread));
    const wrongAbove = mean(this.#seen.map((one) => one.wrongAbove));
    this.#wasBetter ||= wrongAbove < better;
    // A new model is at chance, and its scores hardly differ while the learning rate is small.
    const flat = spread < leastSpread && step >= warmup + window;
    const lost = wrongAbove > chance && (this.#wasBetter || 2 * step >= steps);
    const before = this.#collapsed;
    // After a warning, small fluctuations around the threshold do not cause another one.
    this.#collapsed = flat || lost || (before && wrongAbove > recovered);
    if (before || !this.#collapsed) return undefined;
    const what = flat || this.#wasBetter ? "has collapsed" : "is still at chance";
    const signsOfIt = flat
      ? `all pairs have nearly the same score (standard deviation ${spread.toPrecision(2)})`
      : `wrong answers score above the correct one in ${Math.round(100 * wrongAbove)} % of cases`;
    return `warning: ${phase} ${what} at step ${step} of ${steps}: over the last ${window} ` +
      `steps with scores, ${signsOfIt}. The run continues, but its result will hardly be useful: ` +
      "lower `learning_rate`, lengthen `warmup`, or start from a model that was pretrained with a " +
      "contrast";
  }
}

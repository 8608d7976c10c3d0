/**
 * Notices that training has collapsed: all pairs get one score, or right answers stand no higher than
 * wrong ones. The loss does not show it: a hinge rests at twice its margin, an alignment loss even
 * falls. It says so and does not stop the run.
 */
import type { ScoreSigns } from "./score_signs.ts";

/** Updates with scores that are looked at together. */
export const window = 20;
/** Scores lie in 0..1 or -1..1; closer together than this they tell nothing. */
const leastSpread = 1e-3;
/** Of wrong answers above the right one: 0.5 is chance, and 0.016 is its error over a window. */
const chance = 0.45;
/** From here on a collapse is over. */
const recovered = 0.4;
/** What a model does that has learned something: falling back from here is a collapse. */
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

  /** Whether the last window looked collapsed; undefined when no window was full. */
  get collapsed(): boolean | undefined {
    return this.#seen.length < window ? undefined : this.#collapsed;
  }

  /**
   * Looks at one update's scores.
   * @returns a warning, once for each collapse
   */
  see(step: number, signs: ScoreSigns): string | undefined {
    this.#seen = [...this.#seen, signs].slice(-window);
    const { phase, warmup, steps } = this.#training;
    if (this.#seen.length < window) return undefined;
    const spread = mean(this.#seen.map((one) => one.spread));
    const wrongAbove = mean(this.#seen.map((one) => one.wrongAbove));
    this.#wasBetter ||= wrongAbove < better;
    // A model that has just begun is at chance, and tells little apart while its rate is small.
    const flat = spread < leastSpread && step >= warmup + window;
    const lost = wrongAbove > chance && (this.#wasBetter || 2 * step >= steps);
    const before = this.#collapsed;
    // Once told, it takes more than a wobble around the bar to be told again.
    this.#collapsed = flat || lost || (before && wrongAbove > recovered);
    if (before || !this.#collapsed) return undefined;
    const what = flat || this.#wasBetter ? "has collapsed" : "has not left chance";
    const signsOfIt = flat
      ? `all pairs score alike (standard deviation ${spread.toPrecision(2)})`
      : `wrong answers stand above the right one in ${Math.round(100 * wrongAbove)} % of cases`;
    return `warning: ${phase} ${what} at step ${step} of ${steps}: over the last ${window} ` +
      `steps with scores, ${signsOfIt}; the run goes on, but is hardly worth it: lower ` +
      "`learning_rate`, lengthen `warmup`, or start from a model that was pretrained with a contrast";
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Detects that the aligned attention has become uniform. Uniform attention minimises every alignment
 * loss and says nothing: a falling loss is then no sign that relations agree. It is reported; the run
 * is not stopped.
 */
import { mean } from "./score_signs.ts";

/** Number of updates whose mean entropy is judged. */
export const window = 20;
/** Entropy relative to that of uniform attention, above which attention is called uniform. */
const flat = 0.98;
/** Attention below this was not uniform: if it gets there later, training has flattened it. */
const sharper = 0.97;

export interface WatchedAlignment {
  readonly phase: string;
  readonly steps: number;
}

export class FlatteningWatch {
  #training: WatchedAlignment;
  #seen: number[] = [];
  #wasSharper = false;
  #flattened = false;
  #warned = false;

  constructor(training: WatchedAlignment) {
    this.#training = training;
  }

  /** Whether attention was uniform in the last window; undefined if no window was complete. */
  get flattened(): boolean | undefined {
    return this.#seen.length < window ? undefined : this.#flattened;
  }

  /**
   * Takes one update into account.
   * @param entropy of the aligned attention, 0 .. 1
   * @returns a warning, once per training
   */
  see(step: number, entropy: number): string | undefined {
    this.#seen = [...this.#seen, entropy].slice(-window);
    const { phase, steps } = this.#training;
    if (this.#seen.length < window) return undefined;
    const average = mean(this.#seen);
    this.#wasSharper ||= average < sharper;
    this.#flattened = average > flat;
    // The attention of a new model is uniform: it has half of the steps to become sharper.
    const judged = this.#wasSharper || 2 * step >= steps;
    if (this.#warned || !this.#flattened || !judged) return undefined;
    this.#warned = true;
    const [what, fix] = this.#wasSharper
      ? ["has become uniform", "lower `alignment_weight`, or set `contrast` or `stop_gradient`"]
      : [
        "is still uniform",
        "lower `alignment_weight`, or start from a model that was trained longer",
      ];
    return `warning: the aligned attention of ${phase} ${what} at step ${step} of ${steps}: over the ` +
      `last ${window} steps its entropy is ${
        average.toFixed(3)
      } of that of uniform attention. It says ` +
      `nothing, so a small alignment loss is no agreement of relations. The run continues: ${fix}`;
  }
}

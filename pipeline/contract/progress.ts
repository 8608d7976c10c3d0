import { setImmediate } from "node:timers";

/** How a running stage reports its progress. Calls are cheap: the display limits how often it draws. */
export interface Progress {
  /**
   * Reports how far the stage is.
   * @param done units finished so far
   * @param total number of units
   * @param unit what is counted, in the plural: "steps", "images", "pairs"
   * @param note a short remark, such as "loss 0.12"
   */
  report(done: number, total: number, unit: string, note?: string): void;
  /** Prints a line that stays on the screen and is kept in the stage's log. */
  say(line: string): void;
}

/** A progress that shows nothing. */
export const silentProgress: Progress = { report() {}, say() {} };

/** What a pipeline learns about a running stage while it runs. */
export type StageEvent =
  /** Another run holds the lock of its key. */
  | { readonly type: "waiting" }
  | { readonly type: "started" }
  | {
    readonly type: "progress";
    readonly done: number;
    readonly total: number;
    readonly unit: string;
    readonly note?: string;
  }
  | { readonly type: "say"; readonly line: string };

/**
 * Lets messages and signals in between two steps of a loop that otherwise never waits. A timer of 0 ms would
 * wait for more than a millisecond.
 */
export async function yieldToEvents(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

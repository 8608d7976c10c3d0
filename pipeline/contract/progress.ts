/** What a running stage says of how far it is. Calls are cheap: the display decides how often it draws. */
export interface Progress {
  /**
   * @param done units finished so far
   * @param total units in all
   * @param unit what is counted, plural: "steps", "images", "pairs"
   * @param note a short remark, such as "loss 0.12"
   */
  report(done: number, total: number, unit: string, note?: string): void;
  /** A line that stays on the screen and in the stage's log. */
  say(line: string): void;
}

/** A progress that shows nothing. */
export const silentProgress: Progress = { report() {}, say() {} };

/** Shows a run to the user: live lines on a terminal, plain lines elsewhere. */
import type { Clock } from "../contract/clock.ts";
import type { Progress, StageEvent } from "../contract/progress.ts";
import { plainLine, plainText } from "../contract/plain_text.ts";
import { clip, formatSeconds, paint } from "./terminal_text.ts";

export interface Display {
  /** Prints a permanent line. */
  line(text: string): void;
  /**
   * Prints the requested answer, or how a run ended.
   *
   * @param facts the same content as data, for programs
   */
  announce(kind: "plan" | "summary" | "failure" | "report", text: string, facts: object): void;
  begin(label: string, why: string): void;
  /** Shows an event of a running stage. */
  update(label: string, event: StageEvent): void;
  end(label: string, word: "done" | "failed" | "stopped" | "reused"): void;
  /** Progress of something other than a stage, such as a download; shown from its first report. */
  task(label: string): Progress;
  close(): void;
}

export interface DisplayOptions {
  write(text: string): void;
  readonly clock: Clock;
  /** Lines of running stages are drawn in place and redrawn. */
  readonly live: boolean;
  readonly colour: boolean;
  /** Columns of the terminal. */
  width(): number;
}

interface Running {
  readonly begun: number;
  progress?: Extract<StageEvent, { type: "progress" }>;
  /** Time and amount of the first progress report: a resumed stage does not start at zero. */
  first?: { at: number; done: number };
  waiting: boolean;
  lastPrinted: number;
}

/** Seconds between redrawn lines on a terminal, and between plain lines elsewhere. */
const redrawEvery = 0.1;
const plainEvery = 10;

export function makeDisplay({ write, clock, live, colour, width }: DisplayOptions): Display {
  const running = new Map<string, Running>();
  let drawn = 0;
  let lastDraw = -Infinity;

  const erase = () => {
    if (drawn > 0) write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  const draw = () => {
    if (!live) return;
    erase();
    const lines = [...running].map(([label, state]) =>
      plainLine(liveLine(label, state, clock.seconds()))
    );
    write(lines.map((line) => clip(line, width() - 1) + "\n").join(""));
    drawn = lines.length;
    lastDraw = clock.seconds();
  };
  const writeLine = (text: string) => {
    if (live) erase();
    write(`${text}\n`);
    draw();
  };
  const line = (text: string) => writeLine(plainText(text));
  const display: Display = {
    line,
    announce: (_, text) => line(text),
    begin(label, why) {
      running.set(label, {
        begun: clock.seconds(),
        waiting: false,
        lastPrinted: clock.seconds(),
      });
      if (live) draw();
      else line(`${label}: started (${why})`);
    },
    update(label, event) {
      const state = running.get(label);
      if (state === undefined) return;
      if (event.type === "say") {
        for (const said of event.line.split("\n")) line(`${label}: ${said}`);
      }
      if (event.type === "waiting") {
        state.waiting = true;
        line(`${label}: another run is computing it; waiting`);
      }
      if (event.type === "started") state.waiting = false;
      if (event.type !== "progress") return;
      const now = clock.seconds();
      // When a stage moves on to other work, its speed is measured from there.
      const { unit, total, done } = state.progress ?? event;
      const continues = event.unit === unit && event.total === total && event.done >= done;
      if (state.first === undefined || !continues) state.first = { at: now, done: event.done };
      state.progress = event;
      if (live && now - lastDraw >= redrawEvery) draw();
      if (!live && now - state.lastPrinted >= plainEvery) {
        state.lastPrinted = now;
        line(plainLine(liveLine(label, state, now)));
      }
    },
    end(label, word) {
      const state = running.get(label);
      running.delete(label);
      const took = state === undefined ? 0 : clock.seconds() - state.begun;
      const colours = { done: 32, failed: 31, stopped: 33, reused: 36 } as const;
      const shown = paint(word, colours[word], colour);
      writeLine(`${shown} ${plainLine(label)} ${formatSeconds(took)}`);
    },
    task: (label) => ({
      report(done, total, unit, note) {
        if (!running.has(label)) display.begin(label, "needed");
        const more = note === undefined ? {} : { note };
        display.update(label, { type: "progress", done, total, unit, ...more });
        if (done === total) display.end(label, "done");
      },
      say: line,
    }),
    close: () => live && erase(),
  };
  return display;
}

/** `tuned[alignment=none] 120/400 steps · 3.1/s · 1 min 30 s left · loss 0.12` */
export function liveLine(label: string, state: Omit<Running, "lastPrinted">, now: number): string {
  const { progress, first, begun, waiting } = state;
  if (waiting) return `${label}  waiting for another run`;
  if (progress === undefined || first === undefined) {
    return `${label}  ${formatSeconds(now - begun)}`;
  }
  const { done, total, unit, note } = progress;
  const rate = now > first.at ? (done - first.done) / (now - first.at) : 0;
  const parts = [`${label}  ${done}/${total} ${unit}`];
  if (rate > 0) {
    parts.push(rate >= 10 ? `${rate.toFixed(0)}/s` : `${rate.toFixed(1)}/s`);
    if (done < total) parts.push(`${formatSeconds((total - done) / rate)} left`);
  }
  if (note !== undefined) parts.push(note);
  return parts.join(" · ");
}

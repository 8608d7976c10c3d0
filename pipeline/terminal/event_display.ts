import type { Clock } from "../contract/clock.ts";
import type { Display } from "./display.ts";

/** A display for programs: everything that happens is one JSON object on a line of its own. */
export function eventDisplay(
  { write, clock }: { write(text: string): void; clock: Clock },
): Display {
  const begun = new Map<string, number>();
  const tell = (event: string, facts: object) =>
    write(`${JSON.stringify({ event, time: clock.now(), ...facts })}\n`);
  return {
    line: (text) => tell(isWarning(text) ? "warning" : "note", { text }),
    tell: (kind, text, facts) => tell(kind, { ...facts, ...(text !== "" && { text }) }),
    begin(stage, why) {
      begun.set(stage, clock.seconds());
      tell("begin", { stage, why });
    },
    hear(stage, event) {
      const { type, ...facts } = event;
      if (type === "waiting" || type === "started" || type === "progress" || type === "say") {
        tell(type, { stage, ...facts });
      }
    },
    end(stage, word) {
      const seconds = clock.seconds() - (begun.get(stage) ?? clock.seconds());
      begun.delete(stage);
      tell("end", { stage, outcome: word, seconds: Math.round(seconds * 1000) / 1000 });
    },
    task: (task) => ({
      report: (done, total, unit, note) => tell("task", { task, done, total, unit, note }),
      say: (text) => tell("note", { text }),
    }),
    close() {},
  };
}

/** A display that shows warnings, what failed, and what was asked for: no progress. */
export function quietDisplay(display: Display): Display {
  return {
    ...display,
    line: (text) => isWarning(text) && display.line(text),
    tell: (kind, text, facts) => kind !== "summary" && display.tell(kind, text, facts),
    begin() {},
    hear(stage, event) {
      if (event.type === "say" && isWarning(event.line)) display.line(`${stage}: ${event.line}`);
    },
    end() {},
    task: () => ({ report() {}, say: (text) => isWarning(text) && display.line(text) }),
  };
}

/** With or without the stage that it is about before it. */
function isWarning(text: string): boolean {
  return /^(?:\S+: )?warning: /.test(text);
}

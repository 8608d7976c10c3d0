import type { Clock } from "../contract/clock.ts";
import { plainText } from "../contract/plain_text.ts";
import type { Display } from "./display.ts";

/** A display for programs: each event is one JSON object on its own line. */
export function eventDisplay(
  { write, clock }: { write(text: string): void; clock: Clock },
): Display {
  const begun = new Map<string, number>();
  const emit = (event: string, facts: object) =>
    write(`${plainText(JSON.stringify({ event, time: clock.now(), ...facts }))}\n`);
  return {
    line: (text) => emit(isWarning(text) ? "warning" : "note", { text }),
    announce: (kind, text, facts) => emit(kind, { ...facts, ...(text !== "" && { text }) }),
    begin(stage, why) {
      begun.set(stage, clock.seconds());
      emit("begin", { stage, why });
    },
    update(stage, event) {
      const { type, ...facts } = event;
      if (type === "waiting" || type === "started" || type === "progress" || type === "say") {
        emit(type, { stage, ...facts });
      }
    },
    end(stage, word) {
      const seconds = clock.seconds() - (begun.get(stage) ?? clock.seconds());
      begun.delete(stage);
      emit("end", { stage, outcome: word, seconds: Math.round(seconds * 1000) / 1000 });
    },
    task: (task) => ({
      report: (done, total, unit, note) => emit("task", { task, done, total, unit, note }),
      say: (text) => emit("note", { text }),
    }),
    close() {},
  };
}

/** A display that shows warnings, failures and the requested answer, but no progress. */
export function quietDisplay(display: Display): Display {
  return {
    ...display,
    line: (text) => isWarning(text) && display.line(text),
    announce: (kind, text, facts) => kind !== "summary" && display.announce(kind, text, facts),
    begin() {},
    update(stage, event) {
      if (event.type === "say" && isWarning(event.line)) display.line(`${stage}: ${event.line}`);
    },
    end() {},
    task: () => ({ report() {}, say: (text) => isWarning(text) && display.line(text) }),
  };
}

/** A warning may be prefixed with the label of its stage. */
function isWarning(text: string): boolean {
  return /^(?:\S+: )?warning: /.test(text);
}

/** The process that a command runs in: its terminal, clock, signals and environment. */
import { Complaint } from "../contract/complaint.ts";
import { type Clock, systemClock } from "../contract/clock.ts";
import { plainText } from "../contract/plain_text.ts";
import type { StageDefinition } from "../contract/stage.ts";
import type { Stages } from "../contract/stages.ts";
import type { Environment } from "../experiment/yaml_text.ts";
import { fromFileUrl } from "../disk/file_path.ts";
import { type Display, makeDisplay } from "../terminal/display.ts";
import { eventDisplay, quietDisplay } from "../terminal/event_display.ts";
import { publishedTables } from "../../results/findings/published_results.ts";

/** What main.ts knows. */
interface Start {
  /** The command line after the program's name. */
  readonly args: readonly string[];
  readonly stages: Stages;
  /** The file that was started; a worker process starts it again. */
  readonly entry: URL;
  readonly project: URL;
  readonly environment: Environment;
}

export interface CommandWorld extends Start {
  /** Absolute path of the results folder without `--results`. */
  readonly defaultResults: string;
  readonly catalogue: readonly StageDefinition[];
  /** Names of published results that a report can be compared with. */
  readonly comparisons: readonly string[];
  readonly clock: Clock;
  /** Processor cores, and memory in bytes: they decide the defaults of `--threads` and `--jobs`. */
  readonly cores: number;
  readonly memory: number;
  /** How a user starts a command here: `deno task`, or `npx -y deno task`. */
  readonly task: string;
  /** Writes text for people, or JSON, to standard output, which is a terminal or not. */
  print(text: string): void;
  /** Writes data to standard output, unchanged unless that is a terminal. */
  printData(text: string): void;
  readonly onTerminal: boolean;
  /** Columns of the terminal; Infinity for a file or a pipe, which gets everything. */
  width(): number;
  /** Writes a line to standard error. */
  warn(line: string): void;
  openDisplay(show?: Show): Display & Disposable;
  /** Calls back on each Ctrl-C; returns a function that stops listening. */
  onInterrupt(callback: (count: number) => void): () => void;
}

/** How much a display shows: everything, warnings and results alone, or everything as JSON. */
export type Show = "progress" | "result" | "events";

export function commandWorld(start: Start): CommandWorld {
  const { stages, environment } = start;
  const onTerminal = Deno.stdout.isTerminal();
  const width = () => onTerminal ? terminalColumns() : Infinity;
  const terminalDisplay = () => {
    const live = onTerminal && environment("TERM") !== "dumb";
    const colour = live && !environment("NO_COLOR");
    return makeDisplay({ write, clock: systemClock, live, colour, width });
  };
  const displays: Readonly<Record<Show, () => Display>> = {
    progress: terminalDisplay,
    result: () => quietDisplay(terminalDisplay()),
    events: () => eventDisplay({ write, clock: systemClock }),
  };
  return {
    ...start,
    defaultResults: fromFileUrl(new URL("results/store", start.project)),
    catalogue: stages.catalogue,
    comparisons: Object.keys(publishedTables),
    clock: systemClock,
    cores: navigator.hardwareConcurrency,
    // A worker process may not read it, and does not need it.
    get memory() {
      return Deno.systemMemoryInfo().total;
    },
    // A worker process may not read the environment, and does not need this.
    get task() {
      // Started by `npx -y deno`, Deno need not be installed as a program.
      return environment("npm_command") === "exec" ? "npx -y deno task" : "deno task";
    },
    print: (text) => write(plainText(text)),
    printData: (text) => write(onTerminal ? plainText(text) : text),
    onTerminal,
    width,
    warn: (line) => console.error(plainText(line)),
    openDisplay(show = "progress") {
      const display = displays[show]();
      return { ...display, [Symbol.dispose]: () => display.close() };
    },
    onInterrupt,
  };
}

function write(text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  } catch (error) {
    // The reader closed the pipe, as `head` does.
    if (error instanceof Deno.errors.BrokenPipe) return;
    throw outputComplaint(error);
  }
}

/** A full disk behind the output is no fault of the results folder. */
function outputComplaint(cause: unknown): Complaint {
  return new Complaint(
    `the output cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    "send it elsewhere, or free some space on its disk",
    { place: { file: "standard output" }, exitCode: 1, cause },
  );
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

function onInterrupt(callback: (count: number) => void): () => void {
  let count = 0;
  const listener = () => callback(++count);
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, listener);
  return () => signals.forEach((signal) => Deno.removeSignalListener(signal, listener));
}

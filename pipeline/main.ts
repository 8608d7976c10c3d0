/** The command line: the only place where pipeline, stages and results meet. */
import { resolve } from "node:path";
import { systemClock } from "./contract/clock.ts";
import type { Command } from "./commands/commands.ts";
import { helpText } from "./commands/help_text.ts";
import { readCommand } from "./commands/read_command.ts";
import { Complaint, ComplaintList } from "./contract/complaint.ts";
import { diskComplaint } from "./disk/disk_complaint.ts";
import { type Display, makeDisplay } from "./terminal/display.ts";
import { eventDisplay, quietDisplay } from "./terminal/event_display.ts";
import { fromFileUrl } from "./disk/file_path.ts";
import { openStore } from "./store/artifact_store.ts";
import { thisMachine } from "./run/machine.ts";
import { publishedTables } from "../results/findings/published_results.ts";
import { neededFor } from "./experiment/selection.ts";
import { silentProgress } from "./contract/progress.ts";
import { readExperimentFile, readRequest } from "./experiment/read_request.ts";
import { run } from "./run/run.ts";
import type { RunWorld } from "./run/run_world.ts";
import type { Stages } from "./contract/stages.ts";
import { commandText } from "./terminal/terminal_text.ts";
import { cacheFolder } from "./contract/pinned_package.ts";

const project = new URL("../", import.meta.url);

/**
 * Runs one command.
 *
 * @param args the command line after the program's name
 * @param entry the file that was started; a worker process starts it again with `worker`
 * @returns the exit code
 */
export async function main(
  args: readonly string[],
  { stages, entry }: { stages: Stages; entry: URL },
): Promise<number> {
  const defaults = {
    results: fromFileUrl(new URL("results", project)),
    threads: navigator.hardwareConcurrency,
  };
  let results = defaults.results;
  try {
    const command = readCommand(args, defaults);
    if ("results" in command) results = resolve(command.results);
    return await obey(command, args, { stages, entry });
  } catch (error) {
    return complain(error, results);
  }
}

async function obey(
  command: Command,
  args: readonly string[],
  { stages, entry }: { stages: Stages; entry: URL },
): Promise<number> {
  switch (command.name) {
    case "help":
      print(helpText);
      return 0;
    case "worker": {
      const { serveStages } = await import("./workers/worker.ts");
      return await serveStages(stages.catalogue);
    }
    case "rebuild": {
      const results = openStore(resolve(command.results)).root;
      const { rebuildDatabase } = await import("../results/database/reconcile.ts");
      print(`${await rebuildDatabase(results)}\n`);
      return 0;
    }
    case "sql": {
      const results = openStore(resolve(command.results)).root;
      const { askDatabase } = await import("../results/queries/sql.ts");
      const { query, format } = command;
      print(await askDatabase(results, query, { format, width: terminalWidth(), warn }));
      return 0;
    }
    case "status":
    case "why": {
      const world = questionWorld(stages);
      const request = { ...command, results: resolve(command.results) };
      try {
        if (request.name === "status") {
          const { statusCommand } = await import("./commands/status.ts");
          print(await statusCommand(request, world));
        } else {
          const { whyCommand } = await import("./commands/why.ts");
          print(await whyCommand(request, world));
        }
        return 0;
      } finally {
        world.display.close();
      }
    }
    case "gc": {
      const { gcCommand } = await import("./commands/gc.ts");
      const { keepExperiments } = command;
      const request = {
        ...command,
        results: openStore(resolve(command.results)).root,
        ...(keepExperiments !== undefined &&
          { keepExperiments: keepExperiments.map(experimentName) }),
      };
      const forget = async (results: string) => {
        const { pruneDatabase } = await import("../results/database/prune_database.ts");
        await pruneDatabase(results);
      };
      print(await gcCommand(request, { now: Date.parse(systemClock.now()) / 1000, forget }));
      return 0;
    }
    case "search": {
      const plain = questionWorld(stages);
      const search: Stages["search"] = async (request) => {
        await stages.prepareCompute(plain.display.task("TensorFlow"));
        const shown = Deno.stdout.isTerminal() && !command.json;
        return await stages.search(shown ? request : { ...request, progress: silentProgress });
      };
      const world = { ...plain, search };
      const results = resolve(command.results);
      const page = resolve(command.page ?? `${results}/search.html`);
      try {
        const { searchCommand } = await import("./commands/search.ts");
        print(await searchCommand({ ...command, results, page }, world));
        return 0;
      } finally {
        world.display.close();
      }
    }
    case "wrong": {
      const world = { ...questionWorld(stages), wrongQueries: stages.wrongQueries };
      const results = resolve(command.results);
      const page = resolve(command.page ?? `${results}/wrong.html`);
      try {
        const { wrongCommand } = await import("./commands/wrong.ts");
        print(await wrongCommand({ ...command, results, page }, world));
        return 0;
      } finally {
        world.display.close();
      }
    }
    case "runs": {
      const results = openStore(resolve(command.results)).root;
      const { runsCommand } = await import("../results/queries/run_list.ts");
      const { experiment: given } = command;
      const experiment = given === undefined ? undefined : experimentName(given);
      const request = { ...command, ...(experiment !== undefined && { experiment }) };
      print(await runsCommand(results, request, { width: terminalWidth(), warn }));
      return 0;
    }
    case "show": {
      const results = openStore(resolve(command.results)).root;
      const { showCommand } = await import("../results/queries/show_run.ts");
      print(await showCommand(results, command.run, { json: command.json, warn }));
      return 0;
    }
    case "compare": {
      const results = openStore(resolve(command.results)).root;
      const { compareCommand } = await import("../results/queries/compare_runs.ts");
      const { json, both: [a, b] } = command;
      const both = [experimentName(a), experimentName(b)] as const;
      print(await compareCommand(results, both, { json, width: terminalWidth(), warn }));
      return 0;
    }
    case "watch": {
      const results = openStore(resolve(command.results)).root;
      const { watchCommand } = await import("../results/watch/watch_command.ts");
      const { experiment: given, port } = command;
      const experiment = given === undefined ? undefined : experimentName(given);
      const byFile = experiment !== given;
      const request = { port, byFile, ...(experiment !== undefined && { experiment }) };
      const stop = new AbortController();
      onInterrupt((count) => count === 1 ? stop.abort() : Deno.exit(130));
      await watchCommand(results, request, { print, signal: stop.signal });
      return 0;
    }
    case "tensorboard": {
      const results = openStore(resolve(command.results)).root;
      const { tensorboardCommand } = await import("../results/tensorboard/tensorboard_command.ts");
      const { experiment: given } = command;
      const experiment = given === undefined ? undefined : experimentName(given);
      const request = { ...command, ...(experiment !== undefined && { experiment }) };
      print(await tensorboardCommand(results, request, { warn }));
      return 0;
    }
    case "report": {
      const results = openStore(resolve(command.results)).root;
      const { reportCommand } = await import("../results/report/report_command.ts");
      const { experiment: given, against, set, out, resultsOption } = command;
      const { pictureFolders } = await import("./commands/picture_folders.ts");
      const experiment = experimentName(given);
      const request = {
        experiment,
        ...(experiment !== given && { file: given }),
        pictures: (file: string, set: readonly string[]) =>
          pictureFolders({ file, set }, {
            catalogue: stages.catalogue,
            environment: (name) => Deno.env.get(name),
            comparisons: Object.keys(publishedTables),
          }),
        set,
        ...(against !== undefined && { against: experimentName(against) }),
        ...(out !== undefined && { out: resolve(out) }),
        commands: { task: taskCommand(), option: commandText(resultsOption) },
      };
      print(await reportCommand(results, request, { warn }));
      return 0;
    }
    case "export": {
      const results = openStore(resolve(command.results)).root;
      const { exportCommand } = await import("../results/export/export.ts");
      const { experiment: given } = command;
      const experiment = given === undefined ? undefined : experimentName(given);
      const request = { ...command, ...(experiment !== undefined && { experiment }) };
      print(await exportCommand(results, request, { warn }));
      return 0;
    }
    case "export-features": {
      const { exportFeaturesCommand } = await import("./commands/export_features.ts");
      const { intoNewFolder } = await import("./disk/new_folder.ts");
      const plain = questionWorld(stages);
      const world = { ...plain, exportFeatures: stages.exportFeatures, intoNewFolder };
      try {
        const results = resolve(command.results);
        const folder = resolve(command.folder);
        print(await exportFeaturesCommand({ ...command, results, folder }, world));
        return 0;
      } finally {
        plain.display.close();
      }
    }
    case "doctor":
      return await doctorCommand(command, stages);
    case "run":
      return await runCommand(command, args, { stages, entry });
    case "verify":
      return await verifyCommand(command, args, { stages, entry });
    default:
      return command satisfies never;
  }
}

/** What questions about an experiment need: nothing runs. */
function questionWorld(stages: Stages) {
  return {
    stages,
    catalogue: stages.catalogue,
    environment: (name: string) => Deno.env.get(name),
    comparisons: Object.keys(publishedTables),
    project,
    display: terminalDisplay(),
  };
}

/** The name of an experiment that is given by its name or by its file. */
function experimentName(given: string): string {
  if (!/\.ya?ml$/.test(given)) return given;
  const environment = (name: string) => Deno.env.get(name);
  return readExperimentFile(given, { environment, comparisons: Object.keys(publishedTables) }).name;
}

async function doctorCommand(
  command: Extract<Command, { name: "doctor" }>,
  stages: Stages,
): Promise<number> {
  const { graph } = readRequest(command, {
    catalogue: stages.catalogue,
    environment: (name) => Deno.env.get(name),
    comparisons: Object.keys(publishedTables),
  });
  const { examine } = await import("./commands/doctor.ts");
  const display = terminalDisplay();
  try {
    return await examine({
      ...command,
      nodes: neededFor(graph, command.only),
      results: resolve(command.results),
      cache: cacheFolder((name) => Deno.env.get(name)),
      display,
      examinations: stages.examinations,
      compute: () => stages.examineCompute(command, display.task("TensorFlow")),
    });
  } finally {
    display.close();
  }
}

async function runCommand(
  command: Extract<Command, { name: "run" }>,
  args: readonly string[],
  { stages, entry }: { stages: Stages; entry: URL },
): Promise<number> {
  const display = displayOf(command.show);
  const world = runWorld(command, args, { stages, entry, display });
  try {
    return await run({ ...command, results: resolve(command.results) }, world);
  } finally {
    display.close();
  }
}

async function verifyCommand(
  command: Extract<Command, { name: "verify" }>,
  args: readonly string[],
  { stages, entry }: { stages: Stages; entry: URL },
): Promise<number> {
  const display = displayOf(command.json ? "events" : "progress");
  const world = runWorld(command, args, { stages, entry, display });
  const { verify } = await import("./commands/verify.ts");
  try {
    return await verify({ ...command, results: resolve(command.results) }, world);
  } finally {
    display.close();
  }
}

/** The world in which stages run. */
function runWorld(
  command: { readonly file: string },
  args: readonly string[],
  { stages, entry, display }: { stages: Stages; entry: URL; display: Display },
): RunWorld {
  return {
    stages,
    project,
    environment: (name) => Deno.env.get(name),
    clock: systemClock,
    display,
    worker: {
      program: Deno.execPath(),
      before: ["run", "--quiet", "--config", fromFileUrl(new URL("deno.json", project))],
      after: [fromFileUrl(entry), "worker"],
      // What is imported while it runs, and its lifeline.
      reads: [fromFileUrl(new URL("pipeline/", project)), fromFileUrl(stages.folder)],
      native: () => stages.computeAccess(),
    },
    machine: thisMachine({
      gpus: stages.countGpus(),
      visibleGpus: Deno.env.get("CUDA_VISIBLE_DEVICES"),
    }),
    async openResultIndex(results) {
      const { openLiveIndex } = await import("../results/database/live_index.ts");
      const { terminalTable } = await import("../results/findings/terminal_table.ts");
      return openLiveIndex(results, { report: terminalTable });
    },
    onInterrupt,
    comparisons: Object.keys(publishedTables),
    tryNext: tryNext(command, args),
    // Who asked for some stages alone asks for these again.
    commandAgain: (...only) =>
      `${taskCommand()} ${commandText(asksForSome(args) ? args : [...args, ...only])}`,
  };
}

const asksForSome = (args: readonly string[]) =>
  args.some((argument) => argument === "--only" || argument.startsWith("--only="));

function displayOf(show: "progress" | "result" | "events"): Display {
  switch (show) {
    case "progress":
      return terminalDisplay();
    case "result":
      return quietDisplay(terminalDisplay());
    case "events":
      return eventDisplay({ write: print, clock: systemClock });
    default:
      return show satisfies never;
  }
}

function terminalDisplay(): Display {
  const live = Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
  return makeDisplay({
    write: print,
    clock: systemClock,
    live,
    colour: live && !Deno.env.get("NO_COLOR"),
    width: terminalWidth,
  });
}

/** A question to the results, and what a change of the experiment would make anew. */
function tryNext(
  { file }: { file: string },
  args: readonly string[],
): string[] {
  const place = args.findIndex((arg) => arg === "--results" || arg.startsWith("--results="));
  const results = place < 0 ? [] : args.slice(place, place + (args[place]!.includes("=") ? 1 : 2));
  const question = "SELECT stage, split, alignment, metric, avg(value) FROM ablation " +
    "GROUP BY ALL ORDER BY ALL";
  return [
    `${taskCommand()} sql "${question}" ${commandText(results)}`.trimEnd(),
    `${taskCommand()} ${commandText(["run", file, ...results, "--plan"])}`,
  ];
}

/** How this program was started: by `npx -y deno`, `deno` need not be a command of its own. */
function taskCommand(): string {
  return Deno.env.get("npm_command") === "exec" ? "npx -y deno task" : "deno task";
}

function onInterrupt(callback: (count: number) => void): () => void {
  let count = 0;
  const listener = () => callback(++count);
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, listener);
  return () => signals.forEach((signal) => Deno.removeSignalListener(signal, listener));
}

/** Prints an error and gives its exit code. */
function complain(error: unknown, results: string): number {
  const known = error instanceof Complaint || error instanceof ComplaintList
    ? error
    : diskComplaint(error, results);
  if (known !== undefined) {
    warn(String(known));
    return known.exitCode;
  }
  warn(`internal: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
  return 1;
}

function print(text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  } catch (error) {
    // The reader has gone, as `head` does.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function warn(text: string): void {
  console.error(text);
}

function terminalWidth(): number {
  if (!Deno.stdout.isTerminal()) return Infinity; // a file or a pipe gets everything
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

if (import.meta.main) {
  const stages = await import("../stages/catalogue.ts");
  const folder = new URL("../stages/", import.meta.url);
  const entry = new URL(import.meta.url);
  Deno.exit(await main(Deno.args, { stages: { ...stages, folder }, entry }));
}

/** `run`: from the text of an experiment to a filled results folder and a report. */
import { type ArtifactStore, openStore, readIfThere, writeWhole } from "./artifact_store.ts";
import { type Asked, askedOf, keepAsked, keepReport, keptReport, lastAsked } from "./asked.ts";
import type { Clock } from "./clock.ts";
import { type CodeCache, codeDigests } from "./code_digest.ts";
import { Complaint } from "./complaint.ts";
import type { Display } from "./display.ts";
import { executePlan, type Execution, jobFor } from "./execute.ts";
import { overrideExperiment } from "./override.ts";
import { type Experiment, readExperiment } from "./experiment.ts";
import { diskComplaint } from "./disk_complaint.ts";
import { failureText, planText } from "./run_text.ts";
import { type KeyedNode, keyNodes } from "./fingerprint.ts";
import { buildGraph, type GraphNode } from "./graph.ts";
import type { Ledger } from "./ledger.ts";
import { type Planned, planRun } from "./plan.ts";
import type { Progress } from "./progress.ts";
import type { Environment } from "./source_text.ts";
import type { StageDefinition } from "./stage.ts";
import { formatSeconds } from "./terminal_text.ts";
import { stageLog } from "./stage_log.ts";
import { workerPool } from "./executors/worker_pool.ts";

/** The stages and what computing with them needs: `stages/catalogue.ts`, or a test's own. */
export interface Stages {
  readonly catalogue: readonly StageDefinition[];
  /** Where `<stage name>.ts` of each stage lies. */
  readonly folder: URL;
  /** Cheap: part of every run, also of one that has nothing to do. */
  computeFingerprint(
    options: { threads: number },
  ): Record<string, string> | Promise<Record<string, string>>;
  /** Fetches what computing needs; called before the first computing stage runs. */
  prepareCompute(progress: Progress): Promise<void>;
}

export interface RunRequest {
  /** Path of the experiment file as the user wrote it. */
  readonly file: string;
  readonly set: readonly string[];
  readonly only: readonly string[];
  readonly force: readonly string[];
  readonly jobs: number;
  readonly threads: number;
  readonly planOnly: boolean;
  /** Absolute path. */
  readonly results: string;
}

/** The world that a run acts in. */
export interface RunWorld {
  readonly stages: Stages;
  readonly project: URL;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly display: Display;
  readonly width: number;
  /** Program and arguments of a worker process. */
  readonly worker: readonly [string, ...string[]];
  openLedger(results: string): Promise<Ledger>;
  /** Calls back on each Ctrl-C; returns how to stop listening. */
  onInterrupt(callback: (count: number) => void): () => void;
  /** The command that runs the same again, with these options added. */
  commandAgain(...more: string[]): string;
  /** Commands that a user may want next. */
  readonly tryNext: readonly string[];
}

/** @returns the exit code: 0, 1 when a stage failed, 130 when stopped */
export async function run(request: RunRequest, world: RunWorld): Promise<number> {
  const begun = world.clock.seconds();
  const { experiment, graph } = readRequest(request, world);
  const store = openStore(request.results);
  const { nodes, saveCache } = await keyed(graph, store, request, world);
  const last = lastAsked(store, experiment.name);
  const previous = new Map(last?.nodes.map(({ label, preimage }) => [label, preimage]));
  const plan = planRun(nodes, {
    find: (node) => store.find(node.definition.name, node.key),
    previous: (node) => previous.get(node.label),
  }, request);
  if (request.planOnly) {
    world.display.line(planText(plan));
    return 0;
  }
  store.prepare();
  saveCache();
  const asked = askedOf(plan.map(({ node }) => node), {
    experiment: experiment.name,
    file: request.file,
    baseline: experiment.report.baseline,
    asked: world.clock.now(),
  });
  keepAsked(store, asked);
  if (plan.every(({ action }) => action === "hit")) {
    world.display.line(`nothing to run: all ${plan.length} stages are up to date`);
    await report(asked, store, world);
    return 0;
  }
  return await carryOut(plan, asked, { store, request, world, begun });
}

/** Reads and checks everything that can be wrong with a request, before anything is written. */
function readRequest(
  request: RunRequest,
  { stages, environment }: RunWorld,
): { experiment: Experiment; graph: GraphNode[] } {
  const text = readText(request.file);
  const experiment = overrideExperiment(
    readExperiment(text, request.file, environment),
    request.set,
  );
  return { experiment, graph: buildGraph(experiment, stages.catalogue) };
}

function readText(file: string): string {
  const place = { file };
  try {
    return Deno.readTextFileSync(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new Complaint("there is no such experiment file", "check the path", { place, cause });
    }
    const reason = (cause as { code?: string }).code === "EISDIR"
      ? "this is a folder, not an experiment file"
      : `the experiment file cannot be read: ${(cause as Error).message}`;
    throw new Complaint(reason, "name a YAML file, as in experiments/smoke.yaml", { place, cause });
  }
}

async function keyed(
  graph: readonly GraphNode[],
  store: ArtifactStore,
  { threads }: RunRequest,
  { stages, project }: RunWorld,
): Promise<{ nodes: KeyedNode[]; saveCache: () => void }> {
  const cacheFile = store.stateFile("code_digests.json");
  const before = readIfThere(cacheFile) ?? "{}";
  const cache = readCache(before);
  const names = [...new Set(graph.map(({ definition }) => definition.name))];
  const urls = names.map((name) => new URL(`${name}.ts`, stages.folder));
  const digests = await codeDigests(urls, { root: project, cache });
  const code = new Map(names.map((name, index) => [name, digests.get(urls[index]!.href)!]));
  const computes = graph.some(({ definition }) => definition.compute);
  const compute = computes ? await stages.computeFingerprint({ threads }) : {};
  return {
    nodes: keyNodes(graph, { code, compute }),
    saveCache() {
      const after = JSON.stringify(cache);
      if (after !== before) writeWhole(cacheFile, after);
    },
  };
}

function readCache(text: string): CodeCache {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

interface Setting {
  readonly store: ArtifactStore;
  readonly request: RunRequest;
  readonly world: RunWorld;
  readonly begun: number;
}

async function carryOut(plan: Planned[], asked: Asked, setting: Setting): Promise<number> {
  const { store, world, begun } = setting;
  const { display, clock } = world;
  const toRun = plan.filter(({ action }) => action === "run").length;
  display.line(`${asked.experiment}: ${toRun} of ${plan.length} stages to run`);
  for (const planned of plan) {
    if (planned.action === "run" && planned.why.kind === "broken") {
      display.line(
        `warning: ${planned.node.label} is damaged (${planned.why.reason}); it is made again`,
      );
    }
  }
  const ledger = await world.openLedger(store.root);
  await ledger.reconcile(display.line);
  if (plan.some(({ action, node }) => action === "run" && node.definition.compute)) {
    await world.stages.prepareCompute(display.task("library"));
  }
  const { execution, interrupted } = await execute(plan, asked, ledger, setting);
  await ledger.reconcile(display.line);
  const took = formatSeconds(clock.seconds() - begun);
  display.line(`ran ${execution.made.length} of ${toRun} stages in ${took}`);
  if (execution.failed.length > 0) {
    display.line(failureText(execution, world.commandAgain));
    return 1;
  }
  if (interrupted) {
    display.line(`stopped; what is complete is kept. To go on: ${world.commandAgain()}`);
    return 130;
  }
  await report(asked, store, world, ledger);
  return 0;
}

async function execute(
  plan: readonly Planned[],
  asked: Asked,
  ledger: Ledger,
  { store, request, world }: Setting,
): Promise<{ execution: Execution; interrupted: boolean }> {
  const { display } = world;
  await using pool = workerPool(world.worker);
  let interrupted = false;
  const forget = world.onInterrupt((count) => {
    interrupted = true;
    if (count === 1) {
      display.line("stopping at the next safe point; Ctrl-C again stops at once");
      pool.stop();
    } else pool.kill();
  });
  const byLabel = new Map(plan.map(({ node }) => [node.label, node]));
  const running = new Map<string, { node: KeyedNode; close: () => void }>();
  let watching = Promise.resolve();
  let trouble: unknown;
  // The stages do not wait for the database; its errors are told when they are done.
  const note = (writing: Promise<void>) => void writing.catch((error) => trouble ??= error);
  const watch = setInterval(() => {
    const nodes = [...running.values()].map(({ node }) => node);
    watching = watching.then(() => ledger.live(nodes)).catch((error) => trouble ??= error);
  }, 1000);
  try {
    const execution = await executePlan(plan, {
      pool,
      jobs: request.jobs,
      jobOf: (node, why) =>
        jobFor(node, why, byLabel, {
          root: store.root,
          experiment: asked.experiment,
          threads: request.threads,
        }),
      listen(node, job) {
        display.begin(node.label, job.why);
        note(ledger.started(node, job.why, world.clock.now()));
        const log = stageLog(store, node);
        running.set(node.label, { node, close: log.close });
        return {
          event(event) {
            if (event.type === "started") log.open();
            display.hear(node.label, event);
          },
          log: log.line,
        };
      },
      finished(node, outcome) {
        running.get(node.label)?.close();
        running.delete(node.label);
        const taken = outcome.type === "done" && !outcome.made;
        display.end(node.label, taken ? "taken over" : outcome.type);
        note(ledger.ended(node, outcome.type === "done" ? "complete" : outcome.type));
        return Promise.resolve();
      },
    });
    await watching;
    if (trouble !== undefined) throw trouble;
    return { execution, interrupted };
  } catch (error) {
    pool.kill();
    throw diskComplaint(error, store.root) ?? error;
  } finally {
    clearInterval(watch);
    await watching;
    forget();
  }
}

/** Prints the report of what was asked, and what to try next. */
async function report(
  asked: Asked,
  store: ArtifactStore,
  world: RunWorld,
  opened?: Ledger,
): Promise<void> {
  let text = keptReport(store, asked.id);
  if (text === undefined || opened !== undefined) {
    const ledger = opened ?? await world.openLedger(store.root);
    if (opened === undefined) await ledger.reconcile(world.display.line);
    text = await ledger.report(asked.id, world.width);
    keepReport(store, asked.id, text);
  }
  if (text !== "") world.display.line(`\n${text}`);
  world.display.line(["\ntry next:", ...world.tryNext.map((line) => `  ${line}`)].join("\n"));
}

/** `run`: from an experiment file to its results and a report. */
import { existsSync } from "node:fs";
import { type ArtifactStore, openStore } from "../store/artifact_store.ts";
import { forgetFailures } from "../store/failure_record.ts";
import {
  keepRequest,
  lastRequest,
  type RequestRecord,
  requestRecord,
  sharedNameWarning,
} from "../store/request_record.ts";
import { reportMade, reportStored } from "./final_report.ts";
import { isReadOnly, unlessReadOnly } from "../disk/read_only.ts";
import { realPath } from "../disk/real_path.ts";
import { cacheFolder } from "../contract/pinned_package.ts";
import { keepCode } from "../store/code_record.ts";
import { throwComplaints } from "../contract/complaint.ts";
import { concurrencyOf } from "./concurrency.ts";
import { failureFacts, failureText, nothingText, planFacts, planText } from "./run_text.ts";
import type { KeyedNode } from "../key/key.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { requestErrors } from "../plan/request_checks.ts";
import { holdKeys, lockForRun, sweepLeftovers } from "../store/keys_in_use.ts";
import { moveObstacles } from "../store/obstacles.ts";
import { type Planned, planRun, sharedRunNotes } from "../plan/plan.ts";
import { fetchPackages } from "./packages.ts";
import { requireConfinable, requireReadable, requireUsable } from "./places.ts";
import { readExperimentFile, readRequest } from "../experiment/read_request.ts";
import { neededFor } from "../experiment/selection.ts";
import { mixedPlanWarnings } from "./mixed_plan.ts";
import { jobsNote } from "./resources.ts";
import { runStages } from "./run_stages.ts";
import type { RunRequest, RunWorld, Setting } from "./run_world.ts";
import { checkStored } from "../plan/stored_check.ts";
import { bytesText, formatSeconds } from "../terminal/terminal_text.ts";

/** @returns the exit code: 0, 1 when a stage failed, 130 when stopped */
export async function run(given: RunRequest, world: RunWorld): Promise<number> {
  const begun = world.clock.seconds();
  const { experiment, graph, notes, text } = readRequest(given, {
    ...world,
    catalogue: world.stages.catalogue,
  });
  const concurrency = concurrencyOf(given, experiment, world.machine);
  const request = { ...given, ...concurrency };
  const store = openStore(request.results);
  if (!request.planOnly && !existsSync(store.root)) requireConfinable(store.root);
  if (!request.planOnly) unlessReadOnly(() => moveObstacles(store, world.display.line));
  const { nodes, code, saveCaches } = await keyRequest(graph, {
    ...request,
    experiment: experiment.file,
    writes: !request.planOnly,
  }, { ...world, store, progress: world.display.task("digests") });
  await refuseWrong(neededFor(nodes, request.only), store, world);
  const last = lastRequest(store, experiment.name);
  const other = otherFile(last, request.file, world);
  if (other !== undefined) {
    world.display.line(sharedNameWarning(experiment.name, [other, request.file]));
  }
  const previous = new Map(last?.nodes.map(({ label, preimage }) => [label, preimage]));
  const lock = request.planOnly ? undefined : await lockIfWritable(store);
  const find = await checkStored(nodes, store, {
    everything: request.verify,
    writes: !request.planOnly,
    progress: () => world.display.task("store"),
  });
  const plan = planRun(nodes, {
    find,
    previous: (node) => previous.get(node.label),
  }, request);
  for (const note of [...notes, ...sharedRunNotes(nodes)]) world.display.line(`note: ${note}`);
  const mixed = mixedPlanWarnings(plan, { store, machine: world.machine });
  for (const warning of mixed) world.display.line(`warning: ${warning}`);
  if (request.planOnly) {
    world.display.announce("plan", planText(plan, concurrency), {
      ...concurrency,
      stages: planFacts(plan),
    });
    return 0;
  }
  if (lock !== undefined) {
    sweepLeftovers(store);
    const hits = plan.filter(({ action }) => action === "hit").map(({ node }) => node.key);
    forgetFailures(store, new Set(hits));
  }
  const toRun = plan.filter(({ action }) => action === "run").map(({ node }) => node);
  const idle = toRun.length === 0;
  if (!idle) {
    requireUsable(store, toRun);
    requireReadable(toRun, cacheFolder(world.environment));
  }
  using _held = idle || lock === undefined
    ? undefined
    : holdKeys(store, nodes.map(({ key }) => key));
  lock?.[Symbol.dispose]();
  const index = idle ? undefined : await world.openResultIndex(store.root);
  await index?.check();
  const { compare } = experiment.report;
  // Nodes without a key, which are not needed now, stay as in the last request.
  const keyed = new Map(nodes.map((node) => [node.label, node]));
  const before = new Map(last?.nodes.map((node) => [node.label, node]));
  const all = graph.flatMap(({ label }) => keyed.get(label) ?? before.get(label) ?? []);
  const record = requestRecord(all, {
    experiment: experiment.name,
    file: request.file,
    baseline: experiment.report.baseline,
    ...(compare !== undefined && { compare }),
    requested: world.clock.now(),
    source: { text, set: request.set },
  });
  const keep = () => {
    store.prepare();
    saveCaches();
    keepRequest(store, record);
  };
  if (index === undefined) {
    unlessReadOnly(keep);
    world.display.announce("summary", nothingText(plan.length), { ran: 0, of: 0 });
    await reportStored(plan, record, store, world);
    return 0;
  }
  keep();
  for (const kind of new Set(toRun.map(({ definition }) => definition.name))) {
    keepCode(store, code.get(kind)!);
  }
  return await carryOut(plan, record, { code, index, store, request, world, begun });
}

/** The file of an experiment's last request, if it is another one and still has an experiment of that name. */
function otherFile(
  last: RequestRecord | undefined,
  file: string,
  world: RunWorld,
): string | undefined {
  if (last === undefined || !existsSync(last.file)) return undefined;
  if (realPath(last.file) === realPath(file)) return undefined;
  try {
    return readExperimentFile(last.file, world).name === last.experiment ? last.file : undefined;
  } catch {
    return undefined;
  }
}

/** @throws Complaint or ComplaintList about what stages without a stored result would refuse */
async function refuseWrong(
  nodes: readonly KeyedNode[],
  store: ArtifactStore,
  { stages: { checks }, environment }: RunWorld,
): Promise<void> {
  const missing = nodes.filter(({ definition: { name }, key }) =>
    !existsSync(store.completeFolder(name, key))
  );
  const labels = new Set(missing.map(({ label }) => label));
  const errors = await requestErrors(nodes, labels, { checks, cache: cacheFolder(environment) });
  throwComplaints([...errors.values()].flat());
}

/** No lock for a read-only results folder, from which `gc` cannot delete anything. */
async function lockIfWritable(store: ArtifactStore): Promise<Disposable | undefined> {
  try {
    return await lockForRun(store);
  } catch (error) {
    if (isReadOnly(error)) return undefined;
    throw error;
  }
}

async function carryOut(plan: Planned[], record: RequestRecord, setting: Setting): Promise<number> {
  const { index, request, world, begun } = setting;
  const { display, clock } = world;
  const toRun = plan.filter(({ action }) => action === "run").length;
  display.line(`${record.experiment}: ${toRun} of ${plan.length} stages to run`);
  const computing = plan.filter(({ action, node }) => action === "run" && node.definition.compute);
  const jobs = jobsNote(request, world.machine, computing.length);
  if (jobs !== undefined) display.line(jobs);
  await index.reconcile(display.line);
  if (computing.length > 0) {
    await world.stages.prepareCompute(display.task("TensorFlow"));
  }
  const toFetch = plan.filter(({ action }) => action === "run").map(({ node }) => node);
  await fetchPackages(toFetch, world);
  const { execution, interrupted, peakMemory } = await runStages(plan, record, setting);
  await index.reconcile(display.line);
  const took = formatSeconds(clock.seconds() - begun);
  const peak = peakMemory === 0 ? "" : `, peak memory ${bytesText(peakMemory)} in one stage`;
  display.announce("summary", `ran ${execution.made.length} of ${toRun} stages in ${took}${peak}`, {
    ran: execution.made.length,
    of: toRun,
    failed: execution.failed.length,
    left: execution.left.length,
    stopped: execution.stopped.length,
    memory: peakMemory,
  });
  if (execution.failed.length > 0) {
    display.announce(
      "failure",
      failureText(execution, world.commandAgain),
      failureFacts(execution),
    );
    return 1;
  }
  if (interrupted) {
    const text = `stopped; complete results are kept. To continue: ${world.commandAgain()}`;
    display.announce("failure", text, { failed: [], again: world.commandAgain() });
    return 130;
  }
  await reportMade(record, index, world);
  return 0;
}

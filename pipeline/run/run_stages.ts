import type { RequestRecord } from "../store/request_record.ts";
import { codeGuard } from "./code_guard.ts";
import type { Clock } from "../contract/clock.ts";
import { commitPending } from "../store/commit.ts";
import type { ArtifactStore, Found } from "../store/artifact_store.ts";
import { diskComplaint } from "../disk/disk_complaint.ts";
import { executePlan, type Execution, type Failed } from "./schedule.ts";
import type { WorkerJob } from "../workers/protocol.ts";
import { type JobListener, workerPool } from "../workers/worker_pool.ts";
import { type FailureRecord, forgetFailure, keepFailure } from "../store/failure_record.ts";
import type { KeyedNode } from "../key/key.ts";
import { sharedGrant, workerJob } from "./worker_job.ts";
import type { Planned, Why } from "../plan/plan.ts";
import { budgetOf, resourcesOf } from "./resources.ts";
import type { Setting } from "./run_world.ts";
import { stageLog } from "./stage_log.ts";
import { cacheFolder } from "../contract/pinned_package.ts";

/** Limit for stages in one process, because all their paths are on its command line. */
const mostTogether = 100;

/**
 * Runs the stages of a plan in worker processes, shows their progress, keeps their logs, and updates
 * the database.
 *
 * @returns the outcome, whether the user interrupted it, and the peak memory of a process in bytes
 */
export async function runStages(
  plan: readonly Planned[],
  record: RequestRecord,
  { code, index, store, request, world }: Setting,
): Promise<{ execution: Execution; interrupted: boolean; peakMemory: number }> {
  const { display } = world;
  await using pool = workerPool(world.worker);
  let interrupted = false;
  const stopListening = world.onInterrupt((count) => {
    interrupted = true;
    if (count === 1) {
      display.line("stopping at the next safe point; press Ctrl-C again to stop at once");
      pool.stop();
    } else pool.kill();
  });
  const setting = {
    store,
    cache: cacheFolder(world.environment),
    experiment: record.experiment,
    byLabel: new Map(plan.map(({ node }) => [node.label, node])),
    code,
    project: world.project,
    threads: request.threads,
    machine: world.machine,
    tables: world.resultTables(),
  };
  const guard = codeGuard(code);
  const sharing = sharingNodes(plan);
  const running = new Map<string, KeyedNode>();
  let watching = Promise.resolve();
  let databaseError: unknown;
  // Stages do not wait for the database; its errors are reported when the stages are done.
  const note = (writing: Promise<void>) => void writing.catch((error) => databaseError ??= error);
  const watch = setInterval(() => {
    const nodes = [...running.values()];
    watching = watching.then(() => index.live(nodes)).catch((error) => databaseError ??= error);
  }, 1000);
  try {
    const execution = await executePlan(plan, {
      budget: budgetOf(request, world.machine),
      resources: (node) => resourcesOf(node, request),
      async run(node, why, share) {
        const job = workerJob(node, why, { ...setting, share });
        const begin = () => {
          if (running.has(node.label)) return;
          running.set(node.label, node);
          display.begin(node.label, job.circumstances.why);
          note(index.started(node, job.circumstances.why, world.clock.now()));
        };
        const log = stageLog(store, node);
        const outcome = await pool.run(job, {
          ...storeListener(node, job, why, { store, say: (line) => display.line(line) }),
          starting: () => guard(node.definition.name),
          event(event) {
            begin();
            if (event.type === "started") {
              forgetFailure(store, node.key);
              log.open();
            }
            display.update(node.label, event);
          },
          log: log.line,
        }, sharedGrant(node, sharing(node), setting));
        log.close();
        // It was stopped before it started, so there is nothing to report.
        if (outcome.type === "stopped" && !running.has(node.label)) return outcome;
        running.delete(node.label);
        if (outcome.type === "failed") {
          keepFailure(store, failureOf(node, outcome, world.clock));
          if (request.failFast) pool.stop();
        }
        const reused = outcome.type === "done" && !outcome.made;
        display.end(node.label, reused ? "reused" : outcome.type);
        note(index.ended(node, outcome.type === "done" ? "complete" : outcome.type));
        return outcome;
      },
    });
    await watching;
    if (databaseError !== undefined) throw databaseError;
    return { execution, interrupted, peakMemory: pool.peakMemory() };
  } catch (error) {
    pool.kill();
    throw diskComplaint(error, store.root) ?? error;
  } finally {
    clearInterval(watch);
    await watching;
    stopListening();
  }
}

/** Node -> later nodes of the plan that may share its process. */
function sharingNodes(plan: readonly Planned[]): (node: KeyedNode) => readonly KeyedNode[] {
  const kinds = Map.groupBy(
    plan.filter(({ action, node }) => action === "run" && node.definition.sharesProcess),
    ({ node }) => node.definition.name,
  );
  const places = new Map(
    [...kinds.values()].flatMap((kind) =>
      kind.map(({ node }, place) => [node.label, { kind, place }] as const)
    ),
  );
  return ({ label }) => {
    const { kind, place } = places.get(label) ?? { kind: [], place: 0 };
    return kind.slice(place + 1, place + mostTogether).map(({ node }) => node);
  };
}

/** The store's part in a job: decides whether the result must be computed, and commits it. */
export function storeListener(
  node: KeyedNode,
  job: WorkerJob,
  why: Why,
  { store, say }: { store: ArtifactStore; say(line: string): void },
): Pick<JobListener, "locked" | "filled"> {
  const { definition: { name }, label, key } = node;
  let before: string | undefined;
  return {
    locked() {
      const found = store.find(name, key);
      const damage = damageIn(found, why);
      if (damage !== undefined) {
        const folder = store.setAside(name, key);
        say(
          `${label}: warning: the stored result of ${label} is damaged (${damage}); ` +
            `it was moved to ${folder} and is recomputed`,
        );
      } else if (found.state === "complete") {
        if (!job.again) return undefined;
        before = found.manifest.digest;
      }
      return inputDigests(job, store);
    },
    filled(manifest) {
      commitPending(store, manifest);
      if (before === undefined || before === manifest.digest) return;
      say(
        `${label}: warning: recomputing ${label} gave a different result ` +
          `(${before.slice(0, 10)} -> ${manifest.digest.slice(0, 10)})`,
      );
    },
  };
}

/** Damage of a stored result; damage that only digests show was found during planning. */
function damageIn(found: Found, why: Why): string | undefined {
  if (found.state === "broken") return found.reason;
  // If no file is touched any more, another run has recomputed the result in the meantime.
  const isUnchanged = found.state === "complete" && found.touched.length > 0;
  return isUnchanged && why.kind === "broken" ? why.reason : undefined;
}

function inputDigests(job: WorkerJob, store: ArtifactStore): Record<string, string> {
  return Object.fromEntries(
    Object.entries(job.inputs).map(([port, { kind, key }]) => {
      const found = store.find(kind, key);
      if (found.state !== "complete") {
        throw new Error(`internal: input \`${port}\` has disappeared`);
      }
      return [port, found.manifest.digest];
    }),
  );
}

function failureOf(
  { key, label, stage, definition: { name: kind } }: KeyedNode,
  { failure }: Failed,
  clock: Clock,
): FailureRecord {
  return { key, label, stage, kind, ...failure, time: clock.now() };
}

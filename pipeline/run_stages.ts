import type { Asked } from "./asked.ts";
import type { Clock } from "./clock.ts";
import { diskComplaint } from "./disk_complaint.ts";
import { executePlan, type Execution, type Failed, jobFor } from "./execute.ts";
import { workerPool } from "./executors/worker_pool.ts";
import { type FailureRecord, forgetFailure, keepFailure } from "./failure_record.ts";
import type { KeyedNode } from "./fingerprint.ts";
import type { Planned } from "./plan.ts";
import type { Setting } from "./run.ts";
import { stageLog } from "./stage_log.ts";

/**
 * Runs what a plan says in worker processes, shows it, keeps the logs, and tells the database.
 *
 * @returns what became of it, and whether the user stopped it
 */
export async function runStages(
  plan: readonly Planned[],
  asked: Asked,
  { ledger, store, request, world }: Setting,
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
          verified: request.verify,
        }),
      listen(node, job) {
        display.begin(node.label, job.why);
        note(ledger.started(node, job.why, world.clock.now()));
        const log = stageLog(store, node);
        running.set(node.label, { node, close: log.close });
        return {
          event(event) {
            if (event.type === "started") {
              forgetFailure(store, node.key);
              log.open();
            }
            display.hear(node.label, event);
          },
          log: log.line,
        };
      },
      finished(node, outcome) {
        running.get(node.label)?.close();
        running.delete(node.label);
        if (outcome.type === "failed") keepFailure(store, failureOf(node, outcome, world.clock));
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

function failureOf(
  { key, label, stage, definition: { name: kind } }: KeyedNode,
  { failure }: Failed,
  clock: Clock,
): FailureRecord {
  return { key, label, stage, kind, ...failure, time: clock.now() };
}

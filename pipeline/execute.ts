/** Carries a plan out: ready nodes run as slots are free, what depends on a failed one is left. */
import type { KeyedNode } from "./fingerprint.ts";
import { outsidePaths } from "./outside_files.ts";
import { type Planned, type Why, whyText } from "./plan.ts";
import type { Job } from "./executors/protocol.ts";
import type { JobListener, Outcome, WorkerPool } from "./executors/worker_pool.ts";

export interface Execution {
  readonly made: readonly KeyedNode[];
  readonly failed: readonly { readonly node: KeyedNode; readonly outcome: Failed }[];
  /** Not run, because something they read failed. */
  readonly left: readonly KeyedNode[];
  /** Stopped by the user, or not started any more. */
  readonly stopped: readonly KeyedNode[];
}

export type Failed = Extract<Outcome, { type: "failed" }>;

export interface ExecuteOptions {
  readonly pool: WorkerPool;
  /** How many run at once. */
  readonly jobs: number;
  jobOf(node: KeyedNode, why: Why): Job;
  listen(node: KeyedNode, job: Job): JobListener;
  finished(node: KeyedNode, outcome: Outcome): Promise<void>;
}

export async function executePlan(
  plan: readonly Planned[],
  { pool, jobs, jobOf, listen, finished }: ExecuteOptions,
): Promise<Execution> {
  const waiting = plan.filter((planned) => planned.action === "run");
  const state = new Map<string, "there" | "lost">();
  for (const { node, action } of plan) if (action === "hit") state.set(node.label, "there");
  const made: KeyedNode[] = [];
  const failed: { node: KeyedNode; outcome: Failed }[] = [];
  const left: KeyedNode[] = [];
  const stopped: KeyedNode[] = [];
  const running = new Set<Promise<void>>();

  const start = async ({ node, why }: Extract<Planned, { action: "run" }>) => {
    const job = jobOf(node, why);
    const outcome = await pool.run(job, listen(node, job));
    await finished(node, outcome);
    state.set(node.label, outcome.type === "done" ? "there" : "lost");
    if (outcome.type === "done") made.push(node);
    else if (outcome.type === "stopped") stopped.push(node);
    else failed.push({ node, outcome });
  };
  while (waiting.length > 0 || running.size > 0) {
    for (let index = 0; index < waiting.length && running.size < jobs;) {
      const inputs = Object.values(waiting[index]!.node.inputs).map((label) => state.get(label));
      if (inputs.includes("lost")) {
        const [{ node }] = waiting.splice(index, 1) as [Planned];
        state.set(node.label, "lost");
        left.push(node);
        index = 0;
      } else if (inputs.every((input) => input === "there")) {
        const [next] = waiting.splice(index, 1) as [Extract<Planned, { action: "run" }>];
        const run: Promise<void> = start(next).finally(() => running.delete(run));
        running.add(run);
      } else index++;
    }
    if (running.size > 0) await Promise.race(running);
  }
  return { made, failed, left, stopped };
}

/** The job of a node, without what the caller alone knows. */
export function jobFor(
  node: KeyedNode,
  why: Why,
  byLabel: ReadonlyMap<string, KeyedNode>,
  { verified, ...rest }: { root: string; experiment: string; threads: number; verified: boolean },
): Job {
  // The worker looks at names and sizes; damage that only a digest shows it would take for good.
  const hidden = verified && why.kind === "broken";
  return {
    ...rest,
    label: node.label,
    stage: node.stage,
    point: node.point,
    key: node.key,
    preimage: node.preimage,
    parameters: node.parameters,
    files: outsidePaths(node),
    watched: [node, ...Object.values(node.inputs).map((label) => byLabel.get(label)!)]
      .flatMap(({ watched }) => watched ?? []),
    inputs: Object.fromEntries(
      Object.entries(node.inputs).map(([port, label]) => {
        const input = byLabel.get(label)!;
        const files = outsidePaths(input);
        return [port, { stage: input.definition.name, key: input.key, files }];
      }),
    ),
    why: whyText(why),
    again: why.kind === "forced" || why.kind === "input digest" || hidden,
  };
}

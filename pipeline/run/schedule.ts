/** Carries a plan out: ready nodes run as slots are free, what depends on a failed one is left. */
import type { KeyedNode } from "../key/key.ts";
import type { Planned, Why } from "../plan/plan.ts";
import type { Outcome } from "../workers/worker_pool.ts";
import { type Budget, FreeResources, type Share } from "./resources.ts";
import type { Resources } from "../contract/stage.ts";

export interface Execution {
  readonly made: readonly KeyedNode[];
  readonly failed: readonly { readonly node: KeyedNode; readonly outcome: Failed }[];
  /** Not run, because something they read failed. */
  readonly left: readonly KeyedNode[];
  /** Stopped, or not started any more. */
  readonly stopped: readonly KeyedNode[];
}

export type Failed = Extract<Outcome, { type: "failed" }>;

export interface ExecuteOptions {
  readonly budget: Budget;
  resources(node: KeyedNode): Resources;
  /** Makes it, and tells whoever has to know how it ended. */
  run(node: KeyedNode, why: Why, share: Share): Promise<Outcome>;
}

type ToRun = Extract<Planned, { action: "run" }>;

export async function executePlan(
  plan: readonly Planned[],
  { budget, resources, run }: ExecuteOptions,
): Promise<Execution> {
  const free = new FreeResources(budget);
  const readers = readersOf(plan);
  const missing = new Map<string, number>();
  const queue: ToRun[] = [];
  const made: KeyedNode[] = [];
  const failed: { node: KeyedNode; outcome: Failed }[] = [];
  const left: KeyedNode[] = [];
  const stopped: KeyedNode[] = [];
  const lost = new Set<string>();
  const running = new Set<Promise<void>>();

  const toRun = plan.filter((planned) => planned.action === "run");
  const waits = new Set(toRun.map(({ node }) => node.label));
  for (const planned of toRun) {
    const inputs = new Set(Object.values(planned.node.inputs));
    const open = [...inputs].filter((input) => waits.has(input)).length;
    missing.set(planned.node.label, open);
    if (open === 0) queue.push(planned);
  }
  const lose = (label: string) => {
    const open = [label];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const { node } of readers.get(next) ?? []) {
        if (lost.has(node.label)) continue;
        lost.add(node.label);
        left.push(node);
        open.push(node.label);
      }
    }
  };
  const start = async ({ node, why }: ToRun, share: Share) => {
    const outcome = await run(node, why, share);
    free.giveBack(share);
    if (outcome.type === "done") {
      made.push(node);
      for (const reader of readers.get(node.label) ?? []) {
        const open = missing.get(reader.node.label)! - 1;
        missing.set(reader.node.label, open);
        if (open === 0 && !lost.has(reader.node.label)) insertInOrder(queue, reader);
      }
    } else {
      if (outcome.type === "stopped") stopped.push(node);
      else failed.push({ node, outcome });
      lose(node.label);
    }
  };
  const order = new Map(plan.map(({ node }, place) => [node.label, place]));
  const insertInOrder = (list: ToRun[], next: ToRun) => {
    const place = order.get(next.node.label)!;
    let at = list.length;
    while (at > 0 && order.get(list[at - 1]!.node.label)! > place) at--;
    list.splice(at, 0, next);
  };
  while (queue.length > 0 || running.size > 0) {
    for (let index = 0; index < queue.length && running.size < budget.jobs;) {
      const share = free.take(resources(queue[index]!.node));
      if (share === undefined) {
        index++;
        continue;
      }
      const [next] = queue.splice(index, 1) as [ToRun];
      const run: Promise<void> = start(next, share).finally(() => running.delete(run));
      running.add(run);
    }
    if (running.size > 0) await Promise.race(running);
  }
  const inPlanOrder = (a: KeyedNode, b: KeyedNode) => order.get(a.label)! - order.get(b.label)!;
  return { made, failed, left: left.sort(inPlanOrder), stopped };
}

/** Label -> the nodes that read it and have to run. */
function readersOf(plan: readonly Planned[]): Map<string, ToRun[]> {
  const readers = new Map<string, ToRun[]>();
  for (const planned of plan) {
    if (planned.action !== "run") continue;
    for (const input of new Set(Object.values(planned.node.inputs))) {
      const list = readers.get(input);
      if (list === undefined) readers.set(input, [planned]);
      else list.push(planned);
    }
  }
  return readers;
}

/** Carries out a plan: runs nodes when their inputs are ready and resources are free. */
import type { KeyedNode } from "../key/key.ts";
import type { Planned, Why } from "../plan/plan.ts";
import type { Outcome } from "../workers/worker_pool.ts";
import { type Budget, FreeResources, type Share } from "./resources.ts";
import type { Resources } from "../contract/stage.ts";

export interface Execution {
  readonly made: readonly KeyedNode[];
  readonly failed: readonly { readonly node: KeyedNode; readonly outcome: Failed }[];
  /** Not run, because one of their inputs failed. */
  readonly left: readonly KeyedNode[];
  /** Stopped, or no longer started. */
  readonly stopped: readonly KeyedNode[];
}

export type Failed = Extract<Outcome, { type: "failed" }>;

export interface ExecuteOptions {
  readonly budget: Budget;
  resources(node: KeyedNode): Resources;
  /** Computes a node and reports its outcome to the display and the database. */
  run(node: KeyedNode, why: Why, share: Share): Promise<Outcome>;
}

type ToRun = Extract<Planned, { action: "run" }>;

export async function executePlan(
  plan: readonly Planned[],
  { budget, resources, run }: ExecuteOptions,
): Promise<Execution> {
  const free = new FreeResources(budget);
  const readers = readersOf(plan);
  /** Label -> number of inputs that still have to run. */
  const openInputs = new Map<string, number>();
  const queue: ToRun[] = [];
  const made: KeyedNode[] = [];
  const failed: { node: KeyedNode; outcome: Failed }[] = [];
  const left: KeyedNode[] = [];
  const stopped: KeyedNode[] = [];
  const abandoned = new Set<string>();
  const running = new Set<Promise<void>>();

  const toRun = plan.filter((planned) => planned.action === "run");
  const labelsToRun = new Set(toRun.map(({ node }) => node.label));
  for (const planned of toRun) {
    const inputs = new Set(Object.values(planned.node.inputs));
    const open = [...inputs].filter((input) => labelsToRun.has(input)).length;
    openInputs.set(planned.node.label, open);
    if (open === 0) queue.push(planned);
  }
  const abandonReaders = (label: string) => {
    const open = [label];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const { node } of readers.get(next) ?? []) {
        if (abandoned.has(node.label)) continue;
        abandoned.add(node.label);
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
        const open = openInputs.get(reader.node.label)! - 1;
        openInputs.set(reader.node.label, open);
        if (open === 0 && !abandoned.has(reader.node.label)) insertInOrder(queue, reader);
      }
    } else {
      if (outcome.type === "stopped") stopped.push(node);
      else failed.push({ node, outcome });
      abandonReaders(node.label);
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

/** Label -> the nodes to run that read it. */
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

/** What stages take while they run, and what of it is still free: how many can run at once. */
import type { KeyedNode } from "../key/key.ts";
import type { Resources } from "../contract/stage.ts";

/** What a machine, or its user, gives a run. */
export interface Budget extends Resources {
  /** Stages at once, whatever they take. */
  readonly jobs: number;
}

/** What is not given is what the machine has. A single stage always has the threads it is given. */
export function budgetOf(
  asked: { jobs: number; threads: number; memory?: number; gpus?: number },
  machine: { cores: number; memory: number; gpus: number },
): Budget {
  return {
    jobs: asked.jobs,
    threads: Math.max(asked.threads, machine.cores),
    memory: asked.memory ?? machine.memory,
    gpus: asked.gpus ?? machine.gpus,
  };
}

/** Said when more jobs are asked for than the stages' threads let run. */
export function jobsNote(
  { jobs, threads }: { jobs: number; threads: number },
  { cores }: { cores: number },
  computing: number,
): string | undefined {
  const together = Math.max(1, Math.floor(cores / threads));
  if (jobs <= together || computing <= together) return undefined;
  const fitting = Math.max(1, Math.floor(cores / Math.min(jobs, cores)));
  const how = fitting < threads
    ? `; --threads ${fitting} lets ${Math.min(jobs, cores)} run, and gives other last digits`
    : "";
  const few = together === 1 ? "one computing stage runs" : `${together} computing stages run`;
  return `note: with ${threads} thread${
    threads === 1 ? "" : "s"
  } each on ${cores} cores, ${few} at once${how}`;
}

/** What a stage that runs has of it. */
export interface Share {
  /** Numbers of the GPUs that are its own, from 0. */
  readonly gpus: readonly number[];
}

/**
 * What a node takes: as the experiment says, or else its definition; a stage that computes takes all
 * threads of a stage, and on a machine that computes on GPUs one of them.
 */
export function resourcesOf(node: KeyedNode, { threads }: { threads: number }): Resources {
  const { definition, preimage, parameters, resources } = node;
  const declared = { ...definition.resources?.(parameters), ...resources };
  return {
    threads: declared.threads ?? (definition.compute ? threads : 1),
    memory: declared.memory ?? 0,
    gpus: declared.gpus ?? (preimage.compute?.["device"] === "gpu" ? 1 : 0),
  };
}

/** The free part of a budget. What asks for more than there is runs when nothing else does. */
export class FreeResources {
  readonly #budget: Budget;
  readonly #taken = new Map<Share, Resources>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** @returns undefined when it does not fit beside what runs */
  take(wanted: Resources): Share | undefined {
    const { jobs, threads, memory, gpus } = this.#budget;
    const taken = [...this.#taken.values()];
    const sum = (name: keyof Resources) => taken.reduce((all, each) => all + each[name], 0);
    const fits = taken.length === 0 ||
      (taken.length < jobs && sum("threads") + wanted.threads <= threads &&
        sum("memory") + wanted.memory <= memory && sum("gpus") + wanted.gpus <= gpus);
    if (!fits) return undefined;
    const used = new Set([...this.#taken.keys()].flatMap((share) => share.gpus));
    const free = Array.from({ length: gpus }, (_, gpu) => gpu).filter((gpu) => !used.has(gpu));
    const share = { gpus: free.slice(0, wanted.gpus) };
    this.#taken.set(share, wanted);
    return share;
  }

  giveBack(share: Share): void {
    this.#taken.delete(share);
  }
}

/** The resources that running stages use and those still free, which decide how many can run at once. */
import type { KeyedNode } from "../key/key.ts";
import type { Resources } from "../contract/stage.ts";

/** The resources that a run may use. */
export interface Budget extends Resources {
  /** Maximum number of concurrent stages. */
  readonly jobs: number;
}

/** Limits default to what the machine has. A single stage may always use the requested threads. */
export function budgetOf(
  requested: { jobs: number; threads: number; memory?: number; gpus?: number },
  machine: { cores: number; memory: number; visibleGpus: readonly string[] },
): Budget {
  return {
    jobs: requested.jobs,
    threads: Math.max(requested.threads, machine.cores),
    memory: requested.memory ?? machine.memory,
    gpus: Math.min(requested.gpus ?? Infinity, machine.visibleGpus.length),
  };
}

/** A note when fewer computing stages can run at once than requested. */
export function jobsNote(
  { jobs, threads }: { jobs: number; threads: number },
  { cores }: { cores: number },
  computing: number,
): string | undefined {
  const atOnce = Math.max(1, Math.floor(cores / threads));
  if (jobs <= atOnce || computing <= atOnce) return undefined;
  const possible = Math.min(jobs, cores);
  const fitting = Math.max(1, Math.floor(cores / possible));
  const unit = threads === 1 ? "thread" : "threads";
  const number = atOnce === 1 ? "only one computing stage runs" : `${atOnce} computing stages run`;
  const note = `note: with ${threads} ${unit} each on ${cores} cores, ${number} at once`;
  if (fitting >= threads) return note;
  const hint = `--threads ${fitting} would allow ${possible}`;
  return `${note}; ${hint}, with results that differ in the last digits`;
}

/** The GPUs assigned to a running stage. */
export interface Share {
  /** Numbers of its GPUs, from 0. */
  readonly gpus: readonly number[];
}

/**
 * The resources that a node needs, from the experiment or else from its definition. A computing stage
 * uses by default the threads of a stage and, if the device is a GPU, at least one GPU.
 */
export function resourcesOf(node: KeyedNode, { threads }: { threads: number }): Resources {
  const { definition, preimage, parameters, resources } = node;
  const declared = { ...definition.resources?.(parameters), ...resources };
  return {
    threads: declared.threads ?? (definition.compute ? threads : 1),
    memory: declared.memory ?? 0,
    gpus: Math.max(declared.gpus ?? 0, preimage.compute?.["device"] === "gpu" ? 1 : 0),
  };
}

/** The free part of a budget. A stage that needs more than the whole budget runs alone. */
export class FreeResources {
  readonly #budget: Budget;
  readonly #taken = new Map<Share, Resources>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** @returns undefined when it does not fit next to the running stages */
  take(needed: Resources): Share | undefined {
    const { jobs, threads, memory, gpus } = this.#budget;
    const taken = [...this.#taken.values()];
    const sum = (name: keyof Resources) => taken.reduce((all, each) => all + each[name], 0);
    const fits = taken.length === 0 ||
      (taken.length < jobs && sum("threads") + needed.threads <= threads &&
        sum("memory") + needed.memory <= memory && sum("gpus") + needed.gpus <= gpus);
    if (!fits) return undefined;
    const used = new Set([...this.#taken.keys()].flatMap((share) => share.gpus));
    const free = Array.from({ length: gpus }, (_, gpu) => gpu).filter((gpu) => !used.has(gpu));
    const share = { gpus: free.slice(0, needed.gpus) };
    this.#taken.set(share, needed);
    return share;
  }

  giveBack(share: Share): void {
    this.#taken.delete(share);
  }
}

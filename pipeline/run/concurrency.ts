/** How many threads each computing stage uses, and how many stages run at once. */
import type { Experiment } from "../experiment/experiment.ts";

export interface Concurrency {
  /** Threads of each computing stage; part of its key. */
  readonly threads: number;
  /** Maximum number of stages at once; no key depends on it. */
  readonly jobs: number;
}

/** By default, at most one stage at once for each of these parts of the memory, in bytes. */
const memoryPerJob = 2 * 2 ** 30;

/**
 * The command line decides, then the experiment, then the machine. An experiment without `threads`
 * uses all cores for one stage after the other; one with `threads` fills the cores with stages, as
 * far as memory allows, and has the same keys on every machine.
 *
 * @param given on the command line
 * @param options.memory bytes
 */
export function concurrencyOf(
  given: { threads?: number | undefined; jobs?: number | undefined; memory?: number | undefined },
  experiment: Pick<Experiment, "threads">,
  { cores, memory }: { readonly cores: number; readonly memory: number },
): Concurrency {
  const threads = given.threads ?? experiment.threads ?? cores;
  const fitting = Math.min(
    Math.floor(cores / threads),
    Math.floor((given.memory ?? memory) / memoryPerJob),
  );
  const jobs = given.jobs ?? (experiment.threads === undefined ? 1 : Math.max(1, fitting));
  return { threads, jobs };
}

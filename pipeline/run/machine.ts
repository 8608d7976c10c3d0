/** The machine that stages run on: what it gives them, and what is kept of it with each result. */
import { cpus } from "node:os";

export interface Machine {
  readonly host: string;
  /** Version of Deno. */
  readonly deno: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
  /** CUDA_VISIBLE_DEVICES, if it is set. */
  readonly visibleGpus: string | undefined;
  /** As its maker calls it. Another one can have other instructions, which round otherwise. */
  readonly processor: string;
  /** Operating system, architecture, release of the kernel. */
  readonly system: string;
}

export function thisMachine(
  { gpus, visibleGpus }: Pick<Machine, "gpus" | "visibleGpus">,
): Machine {
  return {
    host: Deno.hostname(),
    deno: Deno.version.deno,
    cores: navigator.hardwareConcurrency,
    memory: Deno.systemMemoryInfo().total,
    gpus,
    visibleGpus,
    processor: cpus()[0]?.model.trim() || "unknown",
    system: `${Deno.build.os} ${Deno.build.arch} ${Deno.osRelease()}`,
  };
}

/** What is kept with a result and can differ where it is made again: no part of its key. */
export function machineFacts({ processor, cores, memory, system }: Machine): MachineFacts {
  return {
    processor,
    cores: String(cores),
    memory: `${(memory / 2 ** 30).toFixed(1)} GiB`,
    system,
  };
}

const facts = ["processor", "cores", "memory", "system"] as const;

export type MachineFacts = Readonly<Record<(typeof facts)[number], string>>;

export function isMachineFact(name: string): boolean {
  return (facts as readonly string[]).includes(name);
}

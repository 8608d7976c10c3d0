/** The machine that stages run on: its resources, and the facts about it kept with each result. */
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
  /** Its model name. Another processor may have other instructions, which round differently. */
  readonly processor: string;
  /** Operating system, architecture and kernel release. */
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

/** Facts that are kept with a result. They are not part of its key and may differ when it is recomputed. */
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

/** The machine that stages run on: its resources, and the facts about it kept with each result. */
import { cpus } from "node:os";
import type { Versions } from "../contract/mixed_facts.ts";
import { gpuModel } from "./gpu_model.ts";
import type { Preimage } from "../key/key.ts";

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
  /** Models of its GPUs and version of their driver, if the system tells. */
  readonly gpuModel: string | undefined;
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
    gpuModel: gpuModel(),
    processor: cpus()[0]?.model.trim() || "unknown",
    system: `${Deno.build.os} ${Deno.build.arch} ${Deno.osRelease()}`,
  };
}

/** Facts that are kept with a result. They are not part of its key and may differ when it is recomputed. */
export function machineFacts(
  { processor, gpuModel, cores, memory, system }: Machine,
): MachineFacts {
  return {
    processor,
    ...(gpuModel !== undefined && { gpu: gpuModel }),
    cores: String(cores),
    memory: `${(memory / 2 ** 30).toFixed(1)} GiB`,
    system,
  };
}

/** What is kept of the circumstances in which a node is computed here. */
export function versionsOf({ compute }: Preimage, machine: Machine): Versions {
  return { deno: machine.deno, ...compute, ...machineFacts(machine) };
}

const facts = ["processor", "gpu", "cores", "memory", "system"] as const;

export type MachineFacts = Readonly<Partial<Record<(typeof facts)[number], string>>>;

export function isMachineFact(name: string): boolean {
  return (facts as readonly string[]).includes(name);
}

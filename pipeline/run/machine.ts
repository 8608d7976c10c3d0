/** The machine that stages run on: its resources, and the facts about it kept with each result. */
import { cpus } from "node:os";
import type { Versions } from "../contract/mixed_facts.ts";
import type { Stages } from "../contract/stages.ts";
import { gpuText } from "./gpu_text.ts";
import type { Preimage } from "../key/key.ts";
import type { Share } from "./resources.ts";

export interface Machine {
  readonly host: string;
  /** Version of Deno. */
  readonly deno: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** The GPUs that its processes see, by names that CUDA_VISIBLE_DEVICES takes. */
  readonly visibleGpus: readonly string[];
  /**
   * Model, memory and driver of these GPUs, or of all of them, as far as the system says. Only asked
   * for when something computes on a GPU, as the driver takes a moment to answer.
   */
  gpuText(gpus?: readonly number[]): string | undefined;
  /** Its model name. Another processor may have other instructions, which round differently. */
  readonly processor: string;
  /** Operating system, architecture and kernel release. */
  readonly system: string;
}

export function thisMachine(
  { visibleGpus, gpuTexts }: Pick<Stages, "visibleGpus" | "gpuTexts">,
): Machine {
  let texts: readonly string[] | undefined;
  return {
    host: Deno.hostname(),
    deno: Deno.version.deno,
    cores: navigator.hardwareConcurrency,
    memory: Deno.systemMemoryInfo().total,
    visibleGpus: visibleGpus(),
    gpuText: (gpus) => gpuText(texts ??= gpuTexts(), gpus),
    processor: cpus()[0]?.model.trim() || "unknown",
    system: `${Deno.build.os} ${Deno.build.arch} ${Deno.osRelease()}`,
  };
}

/** Facts that are kept with a result. They are not part of its key and may differ when it is recomputed. */
export function machineFacts(
  { processor, cores, memory, system }: Machine,
): MachineFacts {
  return {
    processor,
    cores: String(cores),
    memory: `${(memory / 2 ** 30).toFixed(1)} GiB`,
    system,
  };
}

/**
 * What is kept of the circumstances in which a node is computed here.
 *
 * @param share the GPUs that it has; without them, as far as they are known before it runs
 */
export function versionsOf({ compute }: Preimage, machine: Machine, share?: Share): Versions {
  const gpu = compute?.["device"] === "gpu" ? machine.gpuText(share?.gpus) : undefined;
  return {
    deno: machine.deno,
    ...compute,
    ...machineFacts(machine),
    ...(gpu !== undefined && { gpu }),
  };
}

const facts = ["processor", "gpu", "cores", "memory", "system"] as const;

export type MachineFacts = Readonly<Partial<Record<(typeof facts)[number], string>>>;

export function isMachineFact(name: string): boolean {
  return (facts as readonly string[]).includes(name);
}

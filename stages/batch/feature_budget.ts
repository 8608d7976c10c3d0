/**
 * How much memory of the device region features may take for as long as a stage runs. Features beyond that
 * are copied batch by batch, which gives the same numbers.
 */
import process from "node:process";

/** Where a stage computes. */
export interface DeviceMemory {
  /** "CPU" or "GPU". */
  readonly deviceKind: string;
  /** Bytes that programs may use on the device; on a CPU those of the host count instead. */
  readonly deviceBytes: number;
  /** Threads that the stage may use. */
  readonly threads: number;
}

/** Half of the memory; the other half is left to weights, moments and what programs compute. */
const share = 0.5;

/**
 * Bytes. On a GPU, a share of its memory. On a CPU, a share of what is free on the host; of stages that
 * run at once each gets the part that it has of the cores.
 */
export function featureBudget({ deviceKind, deviceBytes, threads }: DeviceMemory): number {
  if (deviceKind !== "CPU") return share * deviceBytes;
  const part = Math.min(1, threads / navigator.hardwareConcurrency);
  return share * part * freeHostBytes();
}

/** Free memory of the host, or what is left of the limit of this process's group if that is less. */
function freeHostBytes(): number {
  const { available } = Deno.systemMemoryInfo();
  return Math.min(available, process.availableMemory());
}

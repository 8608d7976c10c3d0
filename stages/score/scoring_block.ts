/**
 * How many pairs go through the encoder together where no parameter says so. It changes no more than the
 * last bits of scores. On a CPU it is the same everywhere; on a GPU it follows from all of its memory, in
 * steps of a factor of two, so that the same GPU gives the same bits whatever else uses it.
 */
import type { RowSizes } from "../batch/row_tables.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";

/** Enough to keep the cores of a CPU busy. */
const onCpu = 256;
/** Part of a GPU's memory that a block may fill; features and weights are there, too. */
const share = 1 / 16;
/** Below, a GPU has nothing to do; above, it gains nothing. */
const [fewest, most] = [64, 4096];

/** A power of two. @param sizes of the largest text and image */
export function scoringBlock(
  { deviceKind, gpuMemory }: Pick<Compute, "deviceKind" | "gpuMemory">,
  config: Configuration,
  sizes: RowSizes,
): number {
  if (deviceKind === "CPU") return onCpu;
  const fitting = Math.max(1, share * gpuMemory / bytesPerPair(config, sizes));
  return Math.min(most, Math.max(fewest, 2 ** Math.floor(Math.log2(fitting))));
}

/** The largest numbers of a layer, float32, as far as they are alive at once. */
export function bytesPerPair(
  { hidden_size: hidden, intermediate_size: inner, num_attention_heads: heads }: Configuration,
  { words, regions }: RowSizes,
): number {
  const positions = words + regions;
  return 4 * positions * (6 * hidden + 2 * inner + 2 * heads * positions);
}

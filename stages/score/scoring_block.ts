/**
 * How many pairs go through the encoder together where no parameter says so. It changes no more than the
 * last bits of scores. On a CPU it follows from the model and the split alone; on a GPU from all of its
 * memory, too, in steps of a factor of two, so that the same GPU gives the same bits whatever else uses it.
 */
import type { RowSizes } from "../batch/row_tables.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";

/**
 * What a block may fill on a CPU, enough to keep its cores busy. In float32, 6 x 384 takes 7 to 8 ms of a core
 * for a pair in blocks of 16 or 64 pairs, and 11 in blocks of 256, whose numbers leave the caches.
 */
const bytesOnCpu = 2 ** 26;
/** Below, calls take time; above, nothing is gained, however small the model. */
const [fewestOnCpu, mostOnCpu] = [16, 256];
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
  const bytes = bytesPerPair(config, sizes);
  return deviceKind === "CPU"
    ? powerOfTwo(bytesOnCpu / bytes, fewestOnCpu, mostOnCpu)
    : powerOfTwo(share * gpuMemory / bytes, fewest, most);
}

/** The largest one up to `number`, within bounds that are powers of two. */
function powerOfTwo(number: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, 2 ** Math.floor(Math.log2(Math.max(1, number)))));
}

/** The largest numbers of a layer, float32, as far as they are alive at once. */
export function bytesPerPair(
  { hidden_size: hidden, intermediate_size: inner, num_attention_heads: heads }: Configuration,
  { words, regions }: RowSizes,
): number {
  const positions = words + regions;
  return 4 * positions * (6 * hidden + 2 * inner + 2 * heads * positions);
}

/** What the two tasks of masked regions share: their batches, and the encoder's rows to predict from. */
import * as tf from "@tensorflow/tfjs-core";
import { maskedCount, maskedRegions } from "../../batch/masking.ts";
import { drawOf, int32, type RowBatch, rowBatch, rowsOf, textsInEpochs } from "./batch_rows.ts";
import { encodedPairs, wordsAndRegions } from "./encoded_pairs.ts";
import type { BatchArray, BatchSource, LossInput } from "./task.ts";

export type MaskedRegionBatch = RowBatch & {
  /** float32 [pair, region]: 1 where a region is masked. */
  readonly maskedRegions: BatchArray;
  /** int32 [masked]: places in the flattened [pair * region]. */
  readonly regionRows: BatchArray;
  /** int32 [masked]: 1 for a masked region, 0 for an unused slot. */
  readonly regionThere: BatchArray;
};

/** A masked region, and its slot among the masked ones. */
export interface MaskedRegion {
  readonly slot: number;
  /** Place of its image in `FeatureSet.images`. */
  readonly picture: number;
  readonly region: number;
}

export function maskedRegionBatch(
  source: BatchSource,
  step: number,
): { readonly batch: MaskedRegionBatch; readonly masked: readonly MaskedRegion[] } {
  const { set, index, regions, maskRate } = source;
  const pairs = textsInEpochs(source, step);
  const draw = drawOf(source, step);
  const each = maskedCount(regions, maskRate);
  const mask = new Float32Array(pairs.length * regions);
  const rows = new Int32Array(pairs.length * each);
  const there = new Int32Array(rows.length);
  const masked: MaskedRegion[] = [];
  pairs.forEach(({ image }, pair) => {
    const picture = index.images[image]!;
    const chance = draw.fork(pair).fork("regions");
    maskedRegions(set.images[picture]!.regions, chance, maskRate).forEach((region, k) => {
      const slot = pair * each + k;
      rows[slot] = pair * regions + region;
      there[slot] = 1;
      mask[rows[slot]!] = 1;
      masked.push({ slot, picture, region });
    });
  });
  return {
    batch: {
      ...rowBatch(pairs, index),
      maskedRegions: { shape: [pairs.length, regions], values: mask },
      regionRows: rowsOf(rows, { count: mask.length, what: "regions of a batch" }),
      regionThere: int32(there),
    },
    masked,
  };
}

/** Hidden states [masked, hidden] of the masked regions, and their features as they were. */
export function maskedRows(input: LossInput<MaskedRegionBatch>) {
  const { config, batch } = input;
  const { pairs, features } = encodedPairs(input, { keep: "all", regions: batch.maskedRegions });
  const { regions } = wordsAndRegions(pairs, features.shape[1]!);
  const hidden = tf.gather(tf.reshape(regions, [-1, config.hidden_size]), batch.regionRows);
  return { hidden, features };
}

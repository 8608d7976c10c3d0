/**
 * Masked region classes: mean KL divergence of what a detector says that a masked region is from what
 * the model says.
 * Source: UNITER (arXiv 1909.11740, section 3.2, MRC-kl).
 */
import { regionClassLogits } from "../../../model/heads.ts";
import { encoderParts } from "../../../model/parameters.ts";
import { maskedClassLoss } from "../../../objective/masked_modelling.ts";
import { type MaskedRegionBatch, maskedRegionBatch, maskedRows } from "../masked_regions.ts";
import type { BatchArray, PretrainingTask } from "../task.ts";

export type MaskedClassBatch = MaskedRegionBatch & {
  /** float32 [masked, class]: the detector's probabilities. */
  readonly regionClasses: BatchArray;
};

export const maskedRegionClasses: PretrainingTask<MaskedClassBatch> = {
  trains: [
    ...encoderParts.text,
    ...encoderParts.image,
    ...encoderParts.mask,
    ...encoderParts.layers,
    "region_classifier.",
  ],
  reports: ["region_class_loss"],
  needs: ["region_classes"],
  batch(source, step) {
    const { batch, masked } = maskedRegionBatch(source, step);
    const classes = source.classes!;
    const [slots = 0] = batch.regionRows.shape;
    const values = new Float32Array(slots * classes.count);
    for (const { slot, picture, region } of masked) {
      values.set(classes.read(picture, region), slot * classes.count);
    }
    return { ...batch, regionClasses: { shape: [slots, classes.count], values } };
  },
  loss(input) {
    const { weights, batch } = input;
    const { hidden } = maskedRows(input);
    const loss = maskedClassLoss(regionClassLogits(weights, hidden), {
      actual: batch.regionClasses,
      there: batch.regionThere,
    });
    return { loss, reported: [loss] };
  },
};

/**
 * Masked region features: mean squared error of the features of regions that were masked.
 * Source: UNITER (arXiv 1909.11740, section 3.2, MRFR).
 */
import * as tf from "@tensorflow/tfjs-core";
import { regionFeatures } from "../../../model/heads.ts";
import { encoderParts } from "../../../model/parameters.ts";
import { maskedFeatureLoss } from "../../../objective/masked_modelling.ts";
import { type MaskedRegionBatch, maskedRegionBatch, maskedRows } from "../masked_regions.ts";
import type { PretrainingTask } from "../task.ts";

export const maskedRegionFeatures: PretrainingTask<MaskedRegionBatch> = {
  trains: [
    ...encoderParts.text,
    ...encoderParts.image,
    ...encoderParts.mask,
    ...encoderParts.layers,
    "feat_regress.",
  ],
  reports: ["masked_region_loss"],
  batch: (source, step) => maskedRegionBatch(source, step).batch,
  loss(input) {
    const { weights, config, batch } = input;
    const { hidden, features } = maskedRows(input);
    const actual = tf.gather(tf.reshape(features, [-1, config.img_dim]), batch.regionRows);
    const predicted = regionFeatures(weights, hidden);
    const loss = maskedFeatureLoss(predicted, { actual, there: batch.regionThere });
    return { loss, reported: [loss] };
  },
};

/**
 * Word-region contrast: texts and images of a batch find each other by their embeddings alone, before
 * any layer of the encoder. Not a task of UNITER's; see `objective/contrast.ts`.
 */
import { encoderParts } from "../../../model/parameters.ts";
import { wordRegionContrast as contrast } from "../../../objective/contrast.ts";
import { type RowBatch, rowBatch, textsInEpochs } from "../batch_rows.ts";
import { embeddedPairs } from "../encoded_pairs.ts";
import type { PretrainingTask } from "../task.ts";

export const wordRegionContrast: PretrainingTask<RowBatch> = {
  trains: [...encoderParts.text, ...encoderParts.image],
  reports: ["contrast_loss"],
  needs: ["two_pictures"],
  batch: (source, step) => rowBatch(textsInEpochs(source, step), source.index),
  loss(input) {
    const { textEmbedding, wordMask, imageEmbedding, regionMask } = embeddedPairs(input);
    const loss = contrast(
      { words: textEmbedding, wordMask, regions: imageEmbedding, regionMask },
      { temperature: input.objective.temperature },
    );
    return { loss, reported: [loss] };
  },
};

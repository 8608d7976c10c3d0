/**
 * Branch contrast: texts and pictures of a batch find each other by one vector each, from the two
 * branches (`model/branches.ts`). Not a task of UNITER's; see `objective/contrast.ts`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { takeTexts } from "../../../batch/gather_rows.ts";
import {
  hasBranches,
  hasFrozenBranches,
  pictureVectors,
  textVectors,
} from "../../../model/branches.ts";
import { dropChannels } from "../../../model/feature_drop.ts";
import { encoderParts } from "../../../model/parameters.ts";
import { branchContrast as contrast } from "../../../objective/contrast.ts";
import { signsOfGrid } from "../../score_signs.ts";
import { imagesInEpochs, type RowBatch, rowBatch } from "../batch_rows.ts";
import { freshBranches } from "../branch_start.ts";
import type { PretrainingTask } from "../task.ts";

export const branchContrast: PretrainingTask<RowBatch> = {
  trains: [...encoderParts.text, ...encoderParts.layers, "branch_text.", "branch_image."],
  reports: ["branch_loss"],
  needs: ["picture_vectors", "two_pictures"],
  async start(source) {
    const { weights } = source.model;
    if (hasFrozenBranches(weights)) {
      throw new Complaint(
        "`branch_contrast` would train branches that were frozen so that scores could be learned on top of them",
        "start from the model before `pair_ranking` or `fine_tune` with `branch_weight`",
        { exitCode: 1 },
      );
    }
    return hasBranches(weights) ? {} : await freshBranches(source);
  },
  batch: (source, step) => rowBatch(imagesInEpochs(source, step, source), source.index),
  loss({ weights, config, objective: { temperature, drops }, tables, batch, random }) {
    const pictures = dropChannels(tf.gather(tables["pictures"]!, batch.images), {
      rate: drops.feature,
      random: random.fork("channels"),
      centre: tables["pictureMean"]!,
    });
    const { loss, cosines } = contrast({
      texts: textVectors(weights, config, takeTexts(tables, batch.texts), { random }),
      pictures: pictureVectors(weights, pictures),
      shown: batch.images,
    }, { temperature });
    return { loss, reported: [loss], scores: cosines };
  },
  signs: signsOfGrid,
};

/** Runs pretraining: data on the device once, then one recorded program per step. */
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../pipeline/random_stream.ts";
import type { StageContext } from "../../pipeline/stage.ts";
import { openFeatures } from "../data/feature_set.ts";
import { readModel } from "../model/model_artifact.ts";
import { trainedNames } from "../model/parameters.ts";
import { startCompute } from "../tensorflow/backend.ts";
import { compileOnce } from "../tensorflow/kept_programs.ts";
import { indexSplit, longestRows, pairTables } from "./pair_tables.ts";
import { pretrainingBatch } from "./pretraining_batch.ts";
import { type PretrainingInputs, pretrainingStep } from "./pretraining_step.ts";
import { freedAtEnd } from "./freed_at_end.ts";
import { type OptimisationParameters, train } from "./training_loop.ts";

export interface PretrainingParameters extends OptimisationParameters {
  readonly pairs: number;
  readonly mask_rate: number;
  readonly contrast_weight: number;
  readonly temperature: number;
}

export async function pretraining(context: StageContext<PretrainingParameters>): Promise<void> {
  const { parameters: p, inputs } = context;
  const compute = await startCompute({ threads: context.threads });
  context.progress.say(compute.description);
  using set = await openFeatures(inputs["features"]!);
  const { config, weights } = await readModel(inputs["from"]!.folder);
  const index = indexSplit(set, "train");
  const sizes = longestRows(set, index);
  const tables = pairTables(set, index, sizes);
  using _freed = freedAtEnd([tables]);
  const random = randomStream(p.seed).fork("pretrain");
  const objective = { contrastWeight: p.contrast_weight, temperature: p.temperature };
  const step = compileOnce(
    compute,
    (inputs: PretrainingInputs) => pretrainingStep(config, objective, inputs),
    {
      name: "pretraining_step",
      xla: p.xla,
      decides: [config, objective],
    },
  );
  const batchSizes = {
    pairs: p.pairs,
    words: sizes.words,
    masked: Math.ceil(p.pairs * sizes.words * p.mask_rate / 2),
    maskRate: p.mask_rate,
  };
  await train(context, compute, {
    phase: "pretrain",
    config,
    start: weights,
    trained: trainedNames(config, ["matching", "masked_words"]),
    pairsPerUpdate: p.pairs,
    gradients(weights, update) {
      const host = pretrainingBatch(set, index, random, update, batchSizes);
      const batch = {
        texts: tf.tensor1d(host.texts, "int32"),
        images: tf.tensor1d(host.images, "int32"),
        judged: tf.tensor1d(host.judged, "int32"),
        matched: tf.tensor1d(host.matched, "int32"),
        tokens: tf.tensor2d(host.tokens, [p.pairs, sizes.words], "int32"),
        maskedPlaces: tf.tensor1d(host.maskedPlaces, "int32"),
        maskedWords: tf.tensor1d(host.maskedWords, "int32"),
        maskedThere: tf.tensor1d(host.maskedThere, "int32"),
      };
      const key = tf.tensor1d([...random.fork("step").fork(update).key], "int32");
      const { gradients, numbers } = step({ weights, tables, batch, key });
      const [loss, words, matching, contrast, judged] = numbers.dataSync();
      tf.dispose([batch, key, numbers]);
      return {
        gradients,
        numbers: {
          loss: loss!,
          masked_word_loss: words!,
          matching_loss: matching!,
          contrast_loss: contrast!,
          matching_accuracy: judged!,
        },
        note: `words ${words!.toFixed(2)}, matching ${matching!.toFixed(2)}`,
      };
    },
  });
}

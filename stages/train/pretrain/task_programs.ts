/** A recorded program per task of pretraining, with its batches and what is told of it. */
import * as tf from "@tensorflow/tfjs-core";
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import type { FeatureSet } from "../../data/feature_set.ts";
import type { RegionClasses } from "../../data/region_classes.ts";
import type { Configuration } from "../../model/configuration.ts";
import type { Compute } from "../../tensorflow/kernels/backend.ts";
import { compileOnce } from "../../tensorflow/programs/compile.ts";
import type { Cosine } from "../../batch/sampling.ts";
import type { SplitIndex } from "../../batch/split_index.ts";
import type { PairTables, RowSizes } from "../../batch/row_tables.ts";
import { pretrainingBatch } from "./pretraining_batch.ts";
import { type PretrainingInputs, pretrainingStep } from "./pretraining_step.ts";
import { signsOfPairs, signsOfRows } from "../score_signs.ts";
import { type HostBatch, type TaskAlone, taskBatch } from "./task_batch.ts";
import { type TaskInputs, taskStep, toldOf } from "./task_step.ts";
import type { UpdateGradients } from "../loop.ts";

export interface ProgramParameters {
  readonly pairs: number;
  readonly mask_rate: number;
  readonly contrast_weight: number;
  readonly temperature: number;
  readonly feature_drop: number;
  readonly region_drop: number;
  readonly transport_weight: number;
  readonly transport_iterations: number;
  readonly transport_beta: number;
  /** Of the frozen branches beneath `pair_ranking`; 0: without them. */
  readonly branch_weight: number;
  readonly pool: number;
  readonly xla: boolean;
}

export interface ProgramGround {
  readonly compute: Compute;
  readonly config: Configuration;
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  readonly random: RandomStream;
  readonly tables: PairTables;
  readonly parameters: ProgramParameters;
  readonly sizes: RowSizes;
  readonly classes: RegionClasses | undefined;
  /** Of frozen branches. */
  readonly cosine: Cosine | undefined;
}

/** Gradients of what a task trains, in one update. @param update from 1 */
export type TaskProgram = (weights: Record<string, tf.Tensor>, update: number) => UpdateGradients;

export function jointProgram(ground: ProgramGround): TaskProgram {
  const { compute, config, set, index, random, tables, parameters: p, sizes } = ground;
  const objective = {
    contrastWeight: p.contrast_weight,
    temperature: p.temperature,
    drops: { feature: p.feature_drop, region: p.region_drop },
  };
  const step = compileOnce(
    compute,
    (inputs: PretrainingInputs) => pretrainingStep(config, objective, inputs),
    { name: "pretraining_step", xla: p.xla, decides: [config, objective] },
  );
  const batchSizes = {
    pairs: p.pairs,
    words: sizes.words,
    masked: Math.ceil(p.pairs * sizes.words * p.mask_rate / 2),
    maskRate: p.mask_rate,
  };
  return (weights, update) => {
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
    const { gradients, numbers, scores } = step({ weights, tables, batch, key });
    const [loss, words, matching, contrast, judged] = numbers.dataSync();
    const signs = signsOfPairs(scores.dataSync(), host.matched);
    tf.dispose([batch, key, numbers, scores]);
    return {
      gradients,
      numbers: {
        loss: loss!,
        masked_word_loss: words!,
        matching_loss: matching!,
        contrast_loss: contrast!,
        matching_accuracy: judged!,
      },
      signs,
      note: `words ${words!.toFixed(2)}, matching ${matching!.toFixed(2)}`,
    };
  };
}

export function taskProgram(ground: ProgramGround, task: TaskAlone): TaskProgram {
  const { compute, config, set, index, random, tables, parameters: p, sizes, classes } = ground;
  const objective = {
    temperature: p.temperature,
    drops: { feature: p.feature_drop, region: p.region_drop },
    transport: {
      weight: p.transport_weight,
      iterations: p.transport_iterations,
      beta: p.transport_beta,
    },
    branchWeight: p.branch_weight,
  };
  const step = compileOnce(
    compute,
    (inputs: TaskInputs) => taskStep(config, task, objective, inputs),
    { name: `pretraining_${task}`, xla: p.xla, decides: [config, task, objective] },
  );
  const pool = p.pool > 0 && ground.cosine !== undefined
    ? { size: p.pool, cosine: ground.cosine }
    : undefined;
  const batchSizes = { ...sizes, pairs: p.pairs, maskRate: p.mask_rate, classes, pool };
  return (weights, update) => {
    const host = taskBatch(task, set, index, random, update, batchSizes);
    const batch = onDevice(host);
    const key = tf.tensor1d([...random.fork("step").fork(update).key], "int32");
    const { gradients, numbers, scores } = step({ weights, tables, batch, key });
    const [loss = NaN, ...told] = numbers.dataSync();
    const competing = scores.dataSync();
    tf.dispose([batch, key, numbers, scores]);
    return {
      gradients,
      numbers: { loss, ...Object.fromEntries(toldOf[task].map((name, i) => [name, told[i]!])) },
      signs: host["matched"] !== undefined
        ? signsOfPairs(competing, host["matched"].values)
        : competing.length > 0
        ? signsOfRows(competing, Math.sqrt(competing.length), (row) => row)
        : undefined,
      note: `${task.replaceAll("_", " ")} ${loss.toFixed(3)}`,
    };
  };
}

function onDevice(host: HostBatch): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(host).map((
      [name, { shape, values }],
    ) => [name, tf.tensor(values, [...shape], values instanceof Int32Array ? "int32" : "float32")]),
  );
}

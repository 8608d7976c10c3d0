/** A step of a pretraining task as one program: the gradients of its loss, and what is reported. */
import * as tf from "@tensorflow/tfjs-core";
import type { PairTables } from "../../batch/row_tables.ts";
import type { Configuration } from "../../model/configuration.ts";
import { deviceRandom } from "../../model/keyed_random.ts";
import { trainedNames } from "../../model/parameters.ts";
import type { Weights } from "../../model/weights.ts";
import { lossAndGradients } from "../gradients.ts";
import type { PretrainingObjective, PretrainingTask } from "./task.ts";

export type StepInputs = {
  readonly weights: Weights;
  readonly tables: PairTables;
  /** The task's batch on the device. */
  readonly batch: { readonly [name: string]: tf.Tensor };
  /** int32 [2]: the key of this step's random numbers (dropout). */
  readonly key: tf.Tensor;
};

export type StepOutputs = {
  /** Of what the task trains; other weights have none. */
  readonly gradients: Record<string, tf.Tensor>;
  /** The loss, then one number for each of the task's `reports`. */
  readonly numbers: tf.Tensor;
  /** The scores that compete; [0] for a task without such scores. */
  readonly scores: tf.Tensor;
};

export function pretrainingStep(
  config: Configuration,
  task: PretrainingTask,
  objective: PretrainingObjective,
  { weights, tables, batch, key }: StepInputs,
): StepOutputs {
  const random = deviceRandom(key as tf.Tensor1D);
  const names = trainedNames(config, task.trains);
  const trained = Object.fromEntries(names.map((name) => [name, weights[name]!]));
  let scores: tf.Tensor | undefined;
  const { loss, gradients, parts } = lossAndGradients(trained, (weights) => {
    const made = task.loss({ weights, config, objective, tables, batch, random });
    scores = made.scores && tf.keep(made.scores);
    return [made.loss, ...made.reported];
  });
  const shown = scores === undefined ? tf.zeros([0]) : tf.clone(scores);
  scores?.dispose();
  return { gradients, numbers: tf.stack([loss, ...parts]), scores: shown };
}

/** A workload's step from functions of `programs.ts`, however they are run. */
import * as tf from "@tensorflow/tfjs-core";
import { type UpdateInputs, updateScalars } from "../../stages/train/adamw.ts";
import { zerosLike } from "../../stages/train/state.ts";
import { firstInputs, type Programs } from "./programs.ts";
import type { Workload } from "./workload.ts";

/** Gives the loss of a training step, or the sum of the pairs' scores. */
export function stepOf(job: Workload, programs: Programs): () => number {
  return job.task === "training" ? trainer(job, programs) : scorer(job, programs);
}

/** Forward and gradients, clipping and AdamW. Two programs, as in training. */
function trainer(job: Workload, { gradients, update }: Programs): () => number {
  const { weights, batch } = firstInputs(job);
  let state = {
    weights,
    first: zerosLike(weights),
    second: zerosLike(weights),
  } as UpdateInputs["state"];
  let updates = 0;
  return () => {
    const { loss, gradients: gradient } = gradients({ weights: state.weights, batch });
    const numbers = updateScalars(++updates, job.learningRate, job);
    const scalars = {
      learningRate: tf.scalar(numbers.learningRate),
      stepSize: tf.scalar(numbers.stepSize),
    };
    const next = update({ state, gradients: gradient, scalars });
    const value = loss.dataSync()[0]!;
    tf.dispose([loss, gradient, scalars, next.norm, state.weights, state.first, state.second]);
    state = next.state;
    return value;
  };
}

function scorer(job: Workload, { scores }: Programs): () => number {
  const inputs = firstInputs(job);
  return () => {
    const made = scores(inputs);
    const values = made.dataSync<"float32">();
    made.dispose();
    return values.reduce((sum, x) => sum + x, 0);
  };
}

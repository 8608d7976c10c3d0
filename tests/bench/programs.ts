/** The functions that the bench records and compiles: a training step is `gradients`, then `update`. */
import * as tf from "@tensorflow/tfjs-core";
import { type PairBatch, pairScores } from "../../stages/model/uniter.ts";
import type { Weights } from "../../stages/model/weights.ts";
import { clippedUpdate, type UpdateInputs, type UpdateOutputs } from "../../stages/train/adamw.ts";
import { lossAndGradients } from "../../stages/train/gradients.ts";
import {
  configuration,
  imageSeed,
  spreadNumbers,
  startValues,
  textSeed,
  type Workload,
} from "./workload.ts";

export type Inputs = {
  readonly weights: Weights;
  readonly batch: PairBatch & { readonly [name: string]: tf.Tensor };
};

export interface Programs {
  /** Forward and backward. */
  gradients(inputs: Inputs): { readonly loss: tf.Tensor; readonly gradients: Weights };
  /** Clipping and AdamW. */
  update(inputs: UpdateInputs): UpdateOutputs;
  /** The raw rank score of each pair. */
  scores(inputs: Inputs): tf.Tensor;
}

export function programsOf(job: Workload): Programs {
  const config = configuration(job);
  const scores = ({ weights, batch }: Inputs) =>
    pairScores(weights, config, batch, job) as tf.Tensor;
  return {
    gradients({ weights, batch }) {
      const mean = (weights: Weights) => tf.mean<tf.Scalar>(tf.sigmoid(scores({ weights, batch })));
      const { loss, gradients } = lossAndGradients(weights, (weights) => [mean(weights)]);
      return { loss, gradients };
    },
    update: (inputs) => clippedUpdate(inputs, job),
    scores,
  };
}

/** The numbers that every route starts from. */
export function firstInputs({ parameters, pairs, positions, words, hidden }: Workload): Inputs {
  const regions = positions - words;
  const embedding = (places: number, seed: number) =>
    tf.tensor(spreadNumbers(pairs * places * hidden, seed), [pairs, places, hidden]);
  const weights = parameters.map((parameter, place) =>
    [parameter.name, tf.tensor(startValues(parameter, place), [...parameter.shape])] as const
  );
  return {
    weights: Object.fromEntries(weights),
    batch: {
      textEmbedding: embedding(words, textSeed),
      wordMask: tf.ones([pairs, words]),
      imageEmbedding: embedding(regions, imageSeed),
      regionMask: tf.ones([pairs, regions]),
    } as Inputs["batch"],
  };
}

/** The same functions, each changed in the same way. */
export function eachProgram(
  { gradients, update, scores }: Programs,
  // deno-lint-ignore no-explicit-any -- of three different functions
  change: <Fn extends (inputs: any) => unknown>(fn: Fn, name: string) => Fn,
): Programs {
  return {
    gradients: change(gradients, "bench_gradients"),
    update: change(update, "bench_update"),
    scores: change(scores, "bench_scores"),
  };
}

/** Functions that run op by op, on the current backend. */
export function opByOp(programs: Programs): Programs {
  return eachProgram(
    programs,
    (fn) => ((inputs) => tf.tidy(() => fn(inputs) as tf.TensorContainer)) as typeof fn,
  );
}

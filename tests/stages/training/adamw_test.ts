import * as tf from "@tensorflow/tfjs-core";
import {
  adamw,
  type AdamwState,
  clipByGlobalNorm,
  updateScalars,
} from "../../../stages/training/adamw.ts";
import { goldenJson } from "../../support/goldens.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const unitCases = goldenJson("expected.json").unit_cases;
/** Names that are decayed and that are not, as the recorded case has one of each. */
const names = ["dense.weight", "dense.bias"];

function record(values: tf.TensorLike[]): Record<string, tf.Tensor> {
  return Object.fromEntries(values.map((value, place) => [names[place]!, tf.tensor(value)]));
}

tensorTest("adamw() makes the release's updates", () => {
  const recorded = unitCases.adamw;
  const weights = record(recorded.init);
  const zeros = Object.fromEntries(names.map((name) => [name, tf.zerosLike(weights[name]!)]));
  let state: AdamwState = { weights, first: zeros, second: zeros };
  for (const [place, step] of recorded.steps.entries()) {
    const { learningRate, stepSize } = updateScalars(place + 1, step.lr);
    const scalars = { learningRate: tf.scalar(learningRate), stepSize: tf.scalar(stepSize) };
    state = adamw(state, record(step.grads), scalars);
    for (const [tensor, name] of names.entries()) {
      const expected = tf.tensor(step.params_after[tensor]);
      assertClose(state.weights[name]!, expected, 1e-6, `${name} after update ${place + 1}`);
    }
  }
});

for (const [place, recorded] of unitCases.clip_grad_norm.entries()) {
  tensorTest(`clipByGlobalNorm() clips as the release does (${place})`, () => {
    const { gradients, norm } = clipByGlobalNorm(record(recorded.grads), recorded.max_norm);
    assertClose(norm, [recorded.total_norm], 1e-6, "norm");
    for (const [tensor, name] of names.entries()) {
      assertClose(gradients[name]!, tf.tensor(recorded.grads_after[tensor]), 1e-6, name);
    }
  });
}

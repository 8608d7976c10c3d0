/** Schedules, optimiser, clipping and recalls on the release's small recorded cases. */
import * as tf from "@tensorflow/tfjs-core";
import {
  adamw,
  type AdamwState,
  clipByGlobalNorm,
  updateScalars,
} from "../../stages/train/adamw.ts";
import { alignmentWeight, learningRate } from "../../stages/train/schedules.ts";
import { assertRelease, assertTextbook } from "../support/golden_recalls.ts";
import { goldenJson } from "../support/goldens.ts";
import { assertClose, tensorTest } from "../support/tensor_test.ts";

const unitCases = goldenJson("expected.json").unit_cases;

Deno.test("learningRate() equals the release's in every update, including the first and the last", () => {
  const recorded = unitCases.lr_schedule;
  const schedule = {
    peak: recorded.learning_rate,
    warmup: recorded.warmup_steps,
    total: recorded.num_train_steps,
  };
  const ratios = recorded.lr_at_step_1_to_N.map((rate: number, place: number) =>
    learningRate(place + 1, schedule) / rate
  );
  assertClose(ratios, ratios.map(() => 1), 1e-12, "rates");
});

for (
  const [schedule, key] of [
    ["exponential", "exp_schedule"],
    ["linear", "linear_schedule"],
    ["logarithmic", "log_schedule"],
  ] as const
) {
  Deno.test(`alignmentWeight() with the ${schedule} schedule equals the release's`, () => {
    const recorded: number[] = unitCases.tsa[key];
    const weights = recorded.map((_, done) =>
      alignmentWeight(done, { total: recorded.length, schedule })
    );
    assertClose(weights, recorded, 1e-7, "weights"); // recorded in float32
  });
}

/** A name with weight decay for each positive decay, one without for each 0. */
function namesFor(recordedDecays: readonly number[]): string[] {
  return recordedDecays.map((decay, place) => `tensor${place}.${decay > 0 ? "weight" : "bias"}`);
}

const named = (names: readonly string[], values: readonly tf.TensorLike[]) =>
  Object.fromEntries(values.map((value, place) => [names[place]!, tf.tensor(value)]));

tensorTest("adamw() gives the release's updates", () => {
  const { init, betas, eps, weight_decay, steps } = unitCases.adamw;
  const names = namesFor(weight_decay);
  const options = { beta1: betas[0], beta2: betas[1], eps, decay: Math.max(...weight_decay) };
  const weights = named(names, init);
  const zeros = () => Object.fromEntries(names.map((name) => [name, tf.zerosLike(weights[name]!)]));
  let state: AdamwState = { weights, first: zeros(), second: zeros() };
  for (const [place, step] of steps.entries()) {
    const { learningRate, stepSize } = updateScalars(place + 1, step.lr, options);
    const scalars = { learningRate: tf.scalar(learningRate), stepSize: tf.scalar(stepSize) };
    state = adamw(state, named(names, step.grads), scalars, options);
    for (const [tensor, name] of names.entries()) {
      const expected = tf.tensor(step.params_after[tensor]);
      assertClose(state.weights[name]!, expected, 1e-6, `${name} after update ${place + 1}`);
    }
  }
});

for (const [place, recorded] of unitCases.clip_grad_norm.entries()) {
  tensorTest(`clipByGlobalNorm() clips as in the release (${place})`, () => {
    const names = recorded.grads.map((_: unknown, tensor: number) => `tensor${tensor}`);
    const { gradients, norm } = clipByGlobalNorm(named(names, recorded.grads), recorded.max_norm);
    assertClose(norm, [recorded.total_norm], 1e-6, "norm");
    for (const [tensor, name] of names.entries()) {
      assertClose(gradients[name]!, tf.tensor(recorded.grads_after[tensor]), 1e-6, name);
    }
  });
}

for (const [place, recorded] of unitCases.metrics.entries()) {
  Deno.test(`recalls of a matrix equal the textbook's and the release's (${place})`, () => {
    const { txt_ids, img_ids, txt2img, scores } = recorded;
    const matrix = {
      scores: Float32Array.from(scores.flat()),
      texts: txt_ids.length,
      images: img_ids.length,
      imageOfText: txt_ids.map((id: string) => img_ids.indexOf(txt2img[id])),
    };
    assertTextbook(matrix, recorded.metrics_textbook);
    assertRelease(matrix, recorded.metrics, { rounding: "float32" });
  });
}

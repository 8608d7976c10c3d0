/** The step of each pretraining task on every route, and its outputs. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  initialWeights,
  startingTensor,
  withRankHead,
} from "../../../../stages/model/initial_weights.ts";
import { takeImages } from "../../../../stages/batch/gather_rows.ts";
import { extraParameters, trainedNames } from "../../../../stages/model/parameters.ts";
import { weightsOnDevice } from "../../../../stages/model/weights.ts";
import { pretrainingStep, type StepInputs } from "../../../../stages/train/pretrain/step.ts";
import {
  pretrainingTasks,
  type TaskName,
  taskNames,
} from "../../../../stages/train/pretrain/task_table.ts";
import { branchVectors } from "../../../../stages/score/frozen_branches.ts";
import { flat } from "../../../support/rounding.ts";
import { branchTables, config, random, routes, tables } from "../../../support/routes.ts";
import { assertClose } from "../../../support/tensor_test.ts";

const compare = await routes();
const objective = {
  temperature: 0.1,
  drops: { feature: 0.3, region: 0.3 },
  contrastWeight: 0.5,
  transport: { weight: 0.1, iterations: 7, beta: 0.5 },
  branchWeight: 0,
};
const trainedBy = (task: TaskName) => trainedNames(config, pretrainingTasks[task].trains);
const stepOf = (task: TaskName, inputs: StepInputs, changed: Partial<typeof objective> = {}) =>
  pretrainingStep(config, pretrainingTasks[task], { ...objective, ...changed }, inputs);

function inputs(task: TaskName): StepInputs {
  const extra = extraParameters(config, { classes: 5, common: 13 });
  const weights = weightsOnDevice(
    withRankHead({
      ...initialWeights(config, random),
      ...Object.fromEntries(extra.map((one) => [one.name, startingTensor(one, config, random)])),
    }),
    trainedBy(task),
  );
  const all = tables();
  const every = tf.range(0, all.regions.shape[0]!, 1, "int32");
  const pictures = tf.mean(takeImages(all, every).features, 1);
  const texts = tf.tensor1d([1, 4, 6, 3], "int32");
  const classes = Array.from({ length: 4 * 5 }, (_, i) => 0.1 + 0.05 * (i % 5));
  return {
    weights,
    tables: { ...all, pictures, pictureMean: tf.mean(pictures, 0, true) } as StepInputs["tables"],
    batch: {
      texts,
      images: tf.tensor1d([0, 2, 2, 4], "int32"),
      ...(task === "pair_ranking" && {
        right: tf.tensor3d([1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1], [1, 4, 4]),
      }),
      ...(task === "joint" && { judged: tf.tensor1d([1, 3], "int32") }),
      ...(/matching|transport/.test(task) && { matched: tf.tensor1d([1, 0, 1, 0], "int32") }),
      ...(task === "joint" && { matched: tf.tensor1d([1, 0], "int32") }),
      ...(/joint|masked_words/.test(task) && {
        tokens: tf.gather(all.tokens, texts),
        maskedPlaces: tf.tensor1d([1, 24, 25, 0], "int32"),
        maskedWords: tf.tensor1d([5, 6, 7, 0], "int32"),
        maskedThere: tf.tensor1d([1, 1, 1, 0], "int32"),
      }),
      ...(task.startsWith("masked_region") && {
        maskedRegions: tf.tensor2d(
          [1, 7, 12].reduce((mask, place) => {
            mask[place] = 1;
            return mask;
          }, new Float32Array(24)),
          [4, 6],
        ),
        regionRows: tf.tensor1d([1, 7, 12, 0], "int32"),
        regionThere: tf.tensor1d([1, 1, 1, 0], "int32"),
      }),
      ...(task === "masked_region_classes" && { regionClasses: tf.tensor2d(classes, [4, 5]) }),
    },
    key: tf.tensor1d([...random.key], "int32"),
  };
}

for (const task of taskNames) {
  Deno.test(`a step of ${task} is exact but for rounding on every route`, () =>
    compare(
      task,
      () => inputs(task),
      (given) => stepOf(task, given) as unknown as tf.TensorContainer,
      task === "masked_region_features" ? { xla: true } : {},
    ));
}

Deno.test("a step of pair_ranking on top of frozen branches is exact but for rounding on every route", () =>
  compare(
    "pair_ranking on branches",
    () => {
      const given = inputs("pair_ranking");
      return { ...given, tables: { ...given.tables, ...branchTables() } };
    },
    (given) => stepOf("pair_ranking", given, { branchWeight: 5 }) as unknown as tf.TensorContainer,
  ));

Deno.test("a step of pair_ranking within families is exact but for rounding on every route", () =>
  compare(
    "pair_ranking within families",
    () => {
      const given = inputs("pair_ranking");
      const related = tf.tensor3d([1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1], [1, 4, 4]);
      return { ...given, batch: { ...given.batch, related } };
    },
    (given) => stepOf("pair_ranking", given) as unknown as tf.TensorContainer,
  ));

Deno.test("pair_ranking adds frozen cosines to the scores; they get no gradient", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const given = inputs("pair_ranking");
    const drops = { feature: 0, region: 0 };
    const tables = { ...given.tables, ...branchTables() };
    const run = (branchWeight: number) =>
      stepOf("pair_ranking", { ...given, tables }, { drops, branchWeight });
    const logits = (branchWeight: number) => tf.log(run(branchWeight).scores);
    const { batch } = given;
    const { texts, pictures } = branchVectors(tables, {
      texts: batch["texts"]!,
      images: batch["images"]!,
    });
    const cosines = tf.matMul(texts as tf.Tensor, pictures as tf.Tensor, false, true);
    // Both are known up to a constant per row.
    const centred = (x: tf.Tensor) => tf.sub(x, tf.mean(x, -1, true));
    const [with5, without] = [centred(logits(5)), centred(logits(0))];
    assertClose(
      tf.sub(with5, without),
      [...tf.mul(centred(cosines), 5).dataSync()],
      1e-4,
    );
    assert.deepEqual(Object.keys(run(5).gradients), trainedBy("pair_ranking"));
  });
});

Deno.test("grids of pair_ranking do not see each other: scores are those of each alone, the loss is their mean", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const given = inputs("pair_ranking");
    const tables = { ...given.tables, ...branchTables() };
    const run = (texts: number[], images: number[]) => {
      const grids = texts.length / 2;
      const batch = {
        texts: tf.tensor1d(texts, "int32"),
        images: tf.tensor1d(images, "int32"),
        right: tf.stack(Array.from({ length: grids }, () => tf.eye(2))),
      };
      const { scores, numbers } = pretrainingStep(
        { ...config, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 },
        pretrainingTasks.pair_ranking,
        { ...objective, drops: { feature: 0, region: 0 }, branchWeight: 3 },
        { ...given, tables, batch },
      );
      return { scores: [...scores.dataSync()], loss: numbers.dataSync()[0]! };
    };
    const first = run([1, 4], [0, 2]);
    const second = run([6, 3], [3, 1]);
    const both = run([1, 4, 6, 3], [0, 2, 3, 1]);
    assertClose(tf.tensor1d(both.scores), [...first.scores, ...second.scores], 1e-6);
    assertClose(tf.scalar(both.loss), [(first.loss + second.loss) / 2], 1e-6);
  });
});

Deno.test("a task's gradient reaches all parameters it trains, and it reports a number for each of its columns", async () => {
  await tf.setBackend("cpu");
  for (const task of taskNames) {
    tf.tidy(() => {
      const made = stepOf(task, inputs(task));
      assert.equal(made.numbers.size, 1 + pretrainingTasks[task].reports.length, task);
      assert.deepEqual(Object.keys(made.gradients), trainedBy(task), task);
      for (const [name, gradient] of Object.entries(flat(made.gradients))) {
        if (name.endsWith("key.bias")) continue; // shifts all logits of a row alike
        assert.ok(gradient.some((one) => Math.abs(one) > 1e-12), `${task}: ${name} is all 0`);
      }
    });
  }
});

Deno.test("the features of a masked region influence nothing but the target", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const given = inputs("masked_region_classes"); // whose target is not the features
    const drops = { feature: 0, region: 0 };
    const run = (features: tf.Tensor) =>
      flat(
        stepOf("masked_region_classes", {
          ...given,
          tables: { ...given.tables, features } as StepInputs["tables"],
        }, { drops }) as unknown as tf.TensorContainer,
      );
    const { features } = given.tables;
    // Image 0 is pair 0, whose region 1 is masked; image 2 is pairs 1 (region 1) and 2 (region 0).
    const changed = (place: number) => {
      const values = Float32Array.from(features.dataSync());
      values.fill(9, (1 + place) * 17, (2 + place) * 17); // row 0 is zeros
      return tf.tensor(values, features.shape);
    };
    assert.deepEqual(run(changed(1)), run(features as tf.Tensor));
    assert.notDeepEqual(run(changed(0)), run(features as tf.Tensor));
  });
});

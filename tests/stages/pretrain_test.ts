/** Stage `pretrain` with mixes of tasks, on pictures whose captions name what they show. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";
import { readSafetensors } from "../../stages/data/formats/safetensors.ts";
import { evaluate } from "../../stages/evaluate.ts";
import { fineTune } from "../../stages/fine_tune.ts";
import { initialiseModel } from "../../stages/initialise_model.ts";
import { linearBaseline } from "../../stages/linear_baseline.ts";
import { pretrain } from "../../stages/pretrain.ts";
import { testCompute } from "../support/compute.ts";
import { namedPictures } from "../support/named_pictures.ts";
import { digestsBelow, type Row, runStage } from "../support/stage_context.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const compute = await testCompute();
const made = temporaryFolder();
globalThis.addEventListener("unload", () => made[Symbol.dispose]());
const at = (name: string) => `${made.path}/${name}`;
const features = at("features");
await namedPictures(features);
const size = { seed: 1, hidden: 32, layers: 1, heads: 2, dropout: 0, initializer_range: 0.3 };
await runStage({
  stage: initialiseModel,
  parameters: size,
  inputs: { features },
  folder: at("initial"),
});

const branching = {
  seed: 1,
  steps: 4,
  pairs: 8,
  warmup: 0,
  learning_rate: 1e-4,
  tasks: { branch_contrast: 1 },
  image_ridge: 0.01,
  text_ridge: 0.01,
  xla: false, // tiny programs take longer to compile than to run
};

function train(
  name: string,
  parameters: object,
  more: { rows?: Map<string, Row[]>; signal?: AbortSignal; onReport?: (done: number) => void } = {},
  said: string[] = [],
) {
  return runStage({
    stage: pretrain,
    parameters: { ...branching, ...parameters },
    inputs: { features, from: at("initial") },
    folder: at(name),
    onSay: (line) => said.push(line),
    ...more,
  });
}

async function recalls(model: string, parameters: Record<string, unknown>) {
  const rows = await runStage({
    stage: evaluate,
    parameters: { xla: false, ...parameters },
    inputs: { features, model: at(model) },
    folder: at(`recall of ${model} ${JSON.stringify(parameters)}`),
  });
  return rows.get("metric")!.map(({ name, value }) => [name, value]);
}

async function weightsOf(model: string) {
  return await readSafetensors(`${at(model)}/model.safetensors`);
}

Deno.test("tasks that compare pictures are refused with one picture to train on; others train on it", async () => {
  const rows = await train("one", { train_images: 1, tasks: { masked_words: 1 }, steps: 2 });
  assert.equal(rows.get("training_step")!.length, 2);
  const comparing = ["matching", "joint", "word_region_transport", "word_region_contrast"];
  for (const task of [...comparing, "pair_ranking", "branch_contrast"]) {
    await assert.rejects(
      train(`one ${task}`, { train_images: 1, tasks: { masked_words: 1, [task]: 1 } }),
      {
        name: "Complaint",
        what: `\`${task}\` compares pictures, but there is only one to train on`,
      },
    );
  }
});

Deno.test("branches that start at canonical correlation and are not trained equal the linear baseline", async () => {
  await train("still", { steps: 1, branch_factor: 0, learning_rate: 1e-30, weight_decay: 0 });
  const baseline = await runStage({
    stage: linearBaseline,
    parameters: { image_ridge: 0.01, text_ridge: 0.01 },
    inputs: { features, text: at("initial") },
    folder: at("baseline"),
  });
  const expected = baseline.get("metric")!.map(({ name, value }) => [name, value]);
  assert.deepEqual(await recalls("still", { scores: "branches" }), expected);
  const cosines = async (folder: string) =>
    (await readSafetensors(`${folder}/scores.safetensors`)).get("scores")!.data;
  const ours = await cosines(at('recall of still {"scores":"branches"}'));
  const theirs = await cosines(at("baseline"));
  ours.forEach((one, pair) => assert.ok(Math.abs(Number(one) - Number(theirs[pair])) < 1e-4));
});

Deno.test("a branch factor of 0 leaves the maps unchanged, while the text layers change", async () => {
  await train("held", { branch_factor: 0, weight_decay: 0 });
  const [held, still] = [await weightsOf("held"), await weightsOf("still")];
  assert.deepEqual(held.get("branch_image.weight")!.data, still.get("branch_image.weight")!.data);
  const layer = "uniter.encoder.layer.0.intermediate.dense.weight";
  assert.notDeepEqual(held.get(layer)!.data, still.get(layer)!.data);
  const pictures = "uniter.img_embeddings.img_linear.weight";
  assert.deepEqual(held.get(pictures)!.data, (await weightsOf("initial")).get(pictures)!.data);
});

Deno.test("a mix of all tasks draws each, reports its losses, and resumes with the same bits", async () => {
  const before = [tf.memory().numTensors, compute.binding.eager.tensorCount];
  const tasks = {
    joint: 1,
    masked_words: 1,
    masked_region_features: 1,
    masked_region_classes: 1,
    matching: 1,
    word_region_transport: 1,
    word_region_contrast: 1,
    branch_contrast: 1,
  };
  const parameters = {
    tasks,
    steps: 60,
    feature_drop: 0.2,
    region_drop: 0.3,
    transport_iterations: 5,
    validate_every: 30,
    validation_split: "test",
  };
  const rows = await train("mixed", parameters);
  const steps = rows.get("training_step")!;
  assert.deepEqual(new Set(steps.map(({ task }) => task)), new Set(Object.keys(tasks)));
  const filled: Record<string, string> = {
    masked_words: "masked_word_loss",
    masked_region_features: "masked_region_loss",
    masked_region_classes: "region_class_loss",
    matching: "matching_accuracy",
    word_region_transport: "transport_loss",
    word_region_contrast: "contrast_loss",
    branch_contrast: "branch_loss",
  };
  for (const [task, column] of Object.entries(filled)) {
    const own = steps.filter((step) => step["task"] === task);
    assert.ok(own.every((step) => typeof step[column] === "number"), `${task}: ${column}`);
  }
  assert.equal(rows.get("validation")!.length, 2);
  const stop = new AbortController();
  const kept = new Map<string, Row[]>();
  const onReport = (done: number) => done === 17 && stop.abort(new Error("stopped"));
  await assert.rejects(
    train("broken", parameters, { rows: kept, signal: stop.signal, onReport }),
    /stopped/,
  );
  assert.deepEqual(await train("broken", parameters, { rows: kept }), rows);
  assert.deepEqual(await digestsBelow(at("broken")), await digestsBelow(at("mixed")));
  const names = [...(await weightsOf("mixed")).keys()];
  for (const head of ["feat_regress.net.0.weight", "region_classifier.net.3.bias"]) {
    assert.ok(names.includes(head), head);
  }
  assert.deepEqual([tf.memory().numTensors, compute.binding.eager.tensorCount], before);
});

Deno.test("each task alone lowers its own loss", async () => {
  for (
    const task of [
      "masked_words",
      "masked_region_features",
      "masked_region_classes",
      "word_region_contrast",
      "branch_contrast",
    ]
  ) {
    const rows = await train(`alone ${task}`, {
      tasks: { [task]: 1 },
      steps: 60,
      learning_rate: 3e-3,
      warm_start: "random",
    });
    const losses = rows.get("training_step")!.map(({ loss }) => Number(loss));
    const mean = (part: number[]) => part.reduce((sum, one) => sum + one) / part.length;
    assert.ok(mean(losses.slice(-10)) < 0.9 * mean(losses.slice(0, 10)), `${task}: ${losses}`);
  }
});

Deno.test("the sum ranks by the standardised cross score if the weight is 0, and by cosines if it is large", async () => {
  const without = (metrics: unknown[][]) => metrics.filter(([name]) => name !== "rsum");
  const cross = without(await recalls("mixed", { scores: "cross" }));
  const branches = without(await recalls("mixed", { scores: "branches" }));
  assert.notDeepEqual(cross, branches);
  assert.deepEqual(without(await recalls("mixed", { scores: "sum", branch_weight: 0 })), cross);
  assert.deepEqual(
    without(await recalls("mixed", { scores: "sum", branch_weight: 1e6 })),
    branches,
  );
});

Deno.test("what a model or the features are missing is an error with a fix", async () => {
  await assert.rejects(
    recalls("initial", { scores: "sum" }),
    (error) =>
      String(error) ===
        "error: `scores: sum` requires a model with two branches, but this one has no `branch_text`\n" +
          "fix: pretrain it with `tasks: { branch_contrast: 1 }`, or do not use the branches",
  );
  const plain = at("plain");
  await namedPictures(plain, { classes: false });
  await assert.rejects(
    runStage({
      stage: pretrain,
      parameters: { seed: 1, tasks: { masked_region_classes: 1 } },
      inputs: { features: plain, from: at("initial") },
      folder: at("refused"),
    }),
    /^error: the task `masked_region_classes` needs classes of regions/,
  );
  const issues = (parameters: object) =>
    v.safeParse(pretrain.parameters, { seed: 1, ...parameters }).issues?.map(({ message }) =>
      message
    );
  assert.deepEqual(issues({ tasks: { joint: 0 } }), ["at least one task with a weight above 0"]);
  assert.match(issues({ validate_every: 5 })!.join(), /add `branch_contrast`/);
  const looking = { tasks: { branch_contrast: 1 }, validate_every: 5 };
  assert.equal(issues({ ...looking, train: ["train"] }), undefined);
  assert.match(
    issues({ ...looking, train: ["train", "val"] })!.join(),
    /`val` is part of the training data/,
  );
  assert.equal(issues({ ...looking, train: "val", validation_split: "dev" }), undefined);
  assert.match(issues({ train: [] })!.join(), /at least one split/);
  assert.match(issues({ train: ["train", "train"] })!.join(), /each split only once/);
  assert.ok(issues({ tasks: { masked_wrods: 1 } }));
});

Deno.test("pretraining uses all the splits that it is given, and no other", async () => {
  const bytes = async (train_: unknown, name: string) => {
    await train(name, { train: train_ });
    return (await weightsOf(name)).get("branch_image.weight")?.data;
  };
  const one = await bytes("train", "of one split");
  assert.deepEqual(await bytes(["train"], "of a list of one"), one);
  const both = await bytes(["train", "test"], "of both splits");
  assert.notDeepEqual(both, one);
  assert.deepEqual(await bytes(["test", "train"], "of both splits, turned round"), both);
});

Deno.test("a run that collapses warns and continues; one that learns does not warn", async () => {
  const said: string[] = [];
  const collapsing = { tasks: { matching: 1 }, steps: 60, learning_rate: 3, clip: 1e6, warmup: 0 };
  const rows = await train("collapsed", collapsing, {}, said);
  const warnings = said.filter((line) => line.startsWith("warning: "));
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!,
    /^warning: pretrain (has collapsed|is still at chance) at step \d+ of 60: /,
  );
  const metric = (rows: Map<string, Row[]>) =>
    rows.get("metric")?.find(({ name }) => name === "collapsed")?.["value"];
  assert.equal(metric(rows), 1);
  assert.equal(rows.get("training_step")!.length, 60);

  const tuned: string[] = [];
  const ranking = await runStage({
    stage: fineTune,
    parameters: {
      seed: 1,
      steps: 25,
      anchors: 2,
      negatives: 3,
      learning_rate: 3,
      clip: 1e6,
      warmup: 0,
    },
    inputs: { features, weights: at("initial") },
    folder: at("tuned"),
    onSay: (line) => tuned.push(line),
  });
  assert.match(
    tuned.filter((line) => line.startsWith("warning: ")).join(),
    /^warning: fine_tune (has collapsed|is still at chance)/,
  );
  assert.equal(metric(ranking), 1);

  const quiet: string[] = [];
  const fine = await train("learning", { steps: 40, learning_rate: 1e-4 }, {}, quiet);
  assert.deepEqual(quiet.filter((line) => line.startsWith("warning: ")), []);
  assert.equal(metric(fine), 0);
});

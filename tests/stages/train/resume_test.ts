/** Training that is stopped and resumed, or follows another in its process, on a few small scenes. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";
import { evaluate } from "../../../stages/evaluate.ts";
import { fineTune } from "../../../stages/fine_tune.ts";
import { pretrain } from "../../../stages/pretrain.ts";
import type { StageDefinition } from "../../../pipeline/contract/stage.ts";
import { isLong } from "../../support/long_test.ts";
import { testCompute } from "../../support/compute.ts";
import { makeSmallFeatures, makeSmallModel } from "../../support/small_training.ts";
import { digestsBelow, type Row, runStage } from "../../support/stage_context.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const compute = await testCompute();

/** Scenes, features and a random model, made once. */
const made = temporaryFolder();
const at = (name: string) => `${made.path}/${name}`;
await makeSmallFeatures(at);
await makeSmallModel(at);
globalThis.addEventListener("unload", () => made[Symbol.dispose]());

/** XLA takes most of the time: it is for the long test. */
const xla = isLong;
/** Fine-tuning is longer than the windows over which it is watched. */
const stages: readonly {
  stage: StageDefinition;
  parameters: { readonly steps: number };
  port: string;
}[] = [
  {
    stage: pretrain,
    parameters: { seed: 1, steps: 17, pairs: 8, warmup: 3, xla } as { steps: number },
    port: "from",
  },
  {
    stage: fineTune,
    parameters: {
      seed: 1,
      steps: 22,
      anchors: 2,
      negatives: 3,
      hard_negatives: 2,
      micro_steps: 2,
      alignment: "singular",
      warmup: 3,
      validate_every: 4,
      validation_images: 2,
      xla,
    } as { steps: number },
    port: "weights",
  },
];

for (const { stage, parameters, port } of stages) {
  const run = (
    name: string,
    more: { rows?: Map<string, Row[]>; signal?: AbortSignal; onReport?: (done: number) => void },
  ) =>
    runStage({
      stage,
      parameters: { ...parameters },
      inputs: { features: at("features"), [port]: at("initial") },
      folder: at(`${stage.name} ${name}`),
      ...more,
    });

  Deno.test(`${stage.name} that is stopped during training and resumed gives the bits and rows of an uninterrupted run`, async () => {
    const before = [tf.memory().numTensors, compute.binding.eager.tensorCount];
    const unbroken = await run("unbroken", {});
    const rows = new Map<string, Row[]>();
    for (const last of [2, 7, 14]) { // before a checkpoint, one step after one, late
      const stop = new AbortController();
      const onReport = (done: number) => done >= last && stop.abort(new Error("stopped"));
      await assert.rejects(run("broken", { rows, signal: stop.signal, onReport }), /stopped/);
    }
    if (stage === fineTune) { // during a validation, after its update
      const stop = new AbortController();
      let updates = 0;
      const onReport = (done: number) => {
        updates = done;
        if (done === 16) queueMicrotask(() => stop.abort(new Error("stopped")));
      };
      await assert.rejects(run("broken", { rows, signal: stop.signal, onReport }), /stopped/);
      assert.equal(updates, 16);
    }
    let first = 0;
    const resumed = await run("broken", { rows, onReport: (done) => first ||= done });
    assert.ok(first > 1, "it went on from a checkpoint");
    assert.deepEqual(resumed, unbroken);
    const validated = (resumed.get("validation") ?? []).map(({ step }) => step);
    assert.deepEqual(validated, stage === fineTune ? [4, 8, 12, 16, 20, 22] : []);
    assert.equal(resumed.get("training_step")!.length, parameters.steps);
    const watched = (resumed.get("metric") ?? []).map(({ name }) => name);
    assert.deepEqual(watched, stage === fineTune ? ["collapsed", "flattened"] : []);
    assert.deepEqual(
      await digestsBelow(at(`${stage.name} broken`)),
      await digestsBelow(at(`${stage.name} unbroken`)),
    );
    assert.deepEqual([tf.memory().numTensors, compute.binding.eager.tensorCount], before);
  });
}

Deno.test("with `keep: last`, validation is recorded and training ends as without it", async () => {
  const { parameters } = stages[1]!;
  const run = (name: string, more: object) =>
    runStage({
      stage: fineTune,
      parameters: { ...parameters, steps: 8, ...more },
      inputs: { features: at("features"), weights: at("initial") },
      folder: at(name),
    });
  const watched = await run("keeps the last", { keep: "last" });
  const best = await run("keeps the best", {});
  assert.deepEqual(watched.get("validation"), best.get("validation"));
  assert.equal(watched.get("validation")!.length, 2);
  assert.throws(
    () => v.parse(fineTune.parameters, { seed: 1, keep: "last" }),
    /remove it, or set `validate_every`/,
  );
  await run("is not validated", { validate_every: 0 });
  assert.deepEqual(
    await digestsBelow(at("keeps the last")),
    await digestsBelow(at("is not validated")),
  );
});

Deno.test("evaluate ranks every caption and every image of the split, and scores every swapped pair", async () => {
  const inputs = { features: at("features"), model: at("initial") };
  const rows = await runStage({
    stage: evaluate,
    parameters: { xla },
    inputs,
    folder: at("recall"),
  });
  const ranks = rows.get("query_rank")!;
  assert.equal(ranks.filter(({ direction }) => direction === "i2t").length, 4);
  assert.equal(ranks.filter(({ direction }) => direction === "t2i").length, 20);
  assert.equal(rows.get("pair_score")!.length, 2);
  const hits =
    ranks.filter(({ direction, rank }) => direction === "t2i" && Number(rank) <= 1).length;
  const recorded = rows.get("metric")!.find(({ name }) => name === "t2i_r1")!;
  assert.equal(recorded["value"], hits / 20);
  // Scores do not depend on the block size: a pair's score does not depend on its neighbours.
  const other = await runStage({
    stage: evaluate,
    parameters: { block: 7, xla },
    inputs,
    folder: at("recall 7"),
  });
  assert.deepEqual(
    other.get("query_rank")!.map(({ query, rank }) => [query, rank]),
    ranks.map(({ query, rank }) => [query, rank]),
  );
});

Deno.test("the error for an unknown split lists the splits of the features", async () => {
  const inputs = { features: at("features"), model: at("initial") };
  await assert.rejects(
    runStage({ stage: evaluate, parameters: { split: "tset" }, inputs, folder: at("none") }),
    (error) =>
      String(error) === "error: split `tset` has 0 images and 0 captions\n" +
          "fix: name one of the splits of the features: train, val, test, swap",
  );
});

Deno.test("a damaged checkpoint is reported, and training restarts with the same result", async () => {
  const { stage, parameters, port } = stages[0]!;
  const said: string[] = [];
  const folder = at("damaged");
  await Deno.mkdir(`${folder}.resume`);
  await Deno.writeTextFile(`${folder}.resume/training.safetensors`, "half a check");
  await runStage({
    stage,
    parameters: { ...parameters },
    inputs: { features: at("features"), [port]: at("initial") },
    folder,
    onSay: (line) => said.push(line),
  });
  assert.ok(
    said.some((line) =>
      line.startsWith("the checkpoint is damaged, training restarts from the beginning:")
    ),
  );
  assert.deepEqual(await digestsBelow(folder), await digestsBelow(at(`${stage.name} unbroken`)));
});

Deno.test("too many negatives and a diverging training are errors with a fix", async () => {
  const run = (parameters: object) =>
    runStage({
      stage: fineTune,
      parameters: { seed: 1, steps: 3, anchors: 2, warmup: 0, xla, ...parameters },
      inputs: { features: at("features"), weights: at("initial") },
      folder: at("refused"),
    });
  await assert.rejects(
    run({ negatives: 14 }),
    (error) =>
      /^error: 14 negatives are requested, but the training split has 13 wrong answers\nfix: lower/
        .test(String(error)),
  );
  await assert.rejects(
    run({ negatives: 4, learning_rate: 1e30 }),
    (error) =>
      /^error: \w+ is (NaN|Infinity) at step \d of fine_tune.*\nfix: lower `learning_rate`/s.test(
        String(error),
      ),
  );
  assert.throws(
    () => v.parse(fineTune.parameters, { seed: 1, negatives: 2, hard_negatives: 3 }),
    /use at most 2, the number of `negatives`/,
  );
});

Deno.test("fine-tunings in one process record what they share once, and do not change each other's bits", async () => {
  const { eager } = compute.binding;
  const added = eager.addFunction.bind(eager);
  let functions = 0;
  eager.addFunction = (body) => {
    functions++;
    added(body);
  };
  const run = async (name: string, parameters: { seed: number; alignment: string }) => {
    functions = 0;
    await runStage({
      stage: fineTune,
      parameters: {
        ...{ steps: 3, anchors: 2, negatives: 2, hard_negatives: 1, xla },
        ...{ margin: 0.31, clip: 1.7 }, // unlike the trainings above
        ...parameters,
      },
      inputs: { features: at("features"), weights: at("initial") },
      folder: at(name),
    });
    return functions;
  };
  try {
    assert.equal(await run("first", { seed: 1, alignment: "distributed" }), 2); // step and update
    assert.equal(await run("other seed", { seed: 2, alignment: "distributed" }), 0);
    assert.equal(await run("other alignment", { seed: 2, alignment: "none" }), 1);
    assert.equal(await run("again", { seed: 1, alignment: "distributed" }), 0);
  } finally {
    eager.addFunction = added;
  }
  assert.deepEqual(await digestsBelow(at("again")), await digestsBelow(at("first")));
  assert.notDeepEqual(await digestsBelow(at("other seed")), await digestsBelow(at("first")));
});

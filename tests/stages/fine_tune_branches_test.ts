/** Fine-tuning on top of frozen branches, as stages. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";
import { readSafetensors } from "../../stages/data/formats/safetensors.ts";
import { evaluate } from "../../stages/evaluate.ts";
import { fineTune } from "../../stages/fine_tune.ts";
import { initialiseModel } from "../../stages/initialise_model.ts";
import { pretrain } from "../../stages/pretrain.ts";
import { openFeatures } from "../../stages/data/feature_set.ts";
import { indexSplit } from "../../stages/batch/split_index.ts";
import { type Query, searchModel } from "../../stages/evaluate/search.ts";
import { readModel } from "../../stages/model/checkpoint/model_artifact.ts";
import { tokenizerFromVocabulary } from "../../stages/data/tokenizer.ts";
import type { Complaint } from "../../pipeline/contract/complaint.ts";
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
await runStage({
  stage: initialiseModel,
  parameters: { seed: 1, hidden: 32, layers: 1, heads: 2, dropout: 0, initializer_range: 0.3 },
  inputs: { features },
  folder: at("initial"),
});

const common = { seed: 1, steps: 4, warmup: 0, learning_rate: 1e-3, xla: false };
const pretrained = (name: string, from: string, parameters: object) =>
  runStage({
    stage: pretrain,
    parameters: { ...common, pairs: 16, image_ridge: 0.01, text_ridge: 0.01, ...parameters },
    inputs: { features, from: at(from) },
    folder: at(name),
  });
await pretrained("branches", "initial", { tasks: { branch_contrast: 1 } });

const onBranches = { branch_weight: 5, pool: 6, feature_drop: 0.3, region_drop: 0.3 };
const tuning = { ...common, anchors: 2, negatives: 3, hard_negatives: 2, ...onBranches };

async function scores(model: string, parameters: Record<string, unknown>) {
  const folder = at(`scores of ${model} ${JSON.stringify(parameters)}`);
  const rows = await runStage({
    stage: evaluate,
    parameters: { xla: false, ...parameters },
    inputs: { features, model: at(model) },
    folder,
  });
  const { data } = (await readSafetensors(`${folder}/scores.safetensors`)).get("scores")!;
  const metrics = rows.get("metric")!.map(({ name, value }) => [name, value]);
  return { values: data as Float32Array, metrics: Object.fromEntries(metrics) };
}

Deno.test("tuning on top of branches leaves the branches unchanged to the bit, while the text layers change", async () => {
  const before = [tf.memory().numTensors, compute.binding.eager.tensorCount];
  await pretrained("ranked", "branches", {
    tasks: { pair_ranking: 1 },
    branch_weight: 5,
    pool: 6,
  });
  const rows = await runStage({
    stage: fineTune,
    parameters: { ...tuning, alignment: "sparse" },
    inputs: { features, weights: at("ranked") },
    folder: at("tuned"),
  });
  assert.equal(rows.get("training_step")!.length, 4);
  const [start, ranked, tuned] = await Promise.all(
    ["branches", "ranked", "tuned"].map((model) => scores(model, { scores: "branches" })),
  );
  assert.deepEqual(ranked, start);
  assert.deepEqual(tuned, start);
  const layer = async (model: string) =>
    (await readSafetensors(`${at(model)}/model.safetensors`))
      .get("uniter.encoder.layer.0.intermediate.dense.weight")!.data;
  assert.notDeepEqual(await layer("tuned"), await layer("ranked"));
  assert.notDeepEqual(await layer("ranked"), await layer("branches"));
  assert.deepEqual([tf.memory().numTensors, compute.binding.eager.tensorCount], before);
});

Deno.test("search ranks by the scores that the model was tuned for, or by the branches if it was not", async () => {
  const set = await openFeatures({ folder: features, files: {} });
  const { captions, images } = indexSplit(set, "test");
  set[Symbol.dispose]();
  for (const [model, kind] of [["tuned", "sum"], ["branches", "branches"]] as const) {
    const found = await searchModel({
      features: { folder: features, files: {} },
      model: at(model),
      query: { image: set.images[images[0]!]!.id },
      split: "test",
      count: 3,
      threads: 2,
      progress: { report() {}, say() {} },
    });
    const { values } = await scores(model, { scores: kind });
    const best = captions.map((_, text) => values[text * images.length]!).sort((a, b) => b - a);
    assert.equal(found.length, 3);
    found.forEach(({ score }, place) => assert.ok(Math.abs(score - best[place]!) < 1e-4));
  }
});

Deno.test("a search in an unknown split, or with too many words, is a wrong request", async () => {
  const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"].join("\n");
  const { json } = tokenizerFromVocabulary(vocabulary, { cased: false, file: "vocab.txt" });
  Deno.writeTextFileSync(`${features}/tokenizer.json`, json);
  const search = (query: Query, split: string) =>
    searchModel({
      features: { folder: features, files: {} },
      model: at("tuned"),
      query,
      split,
      count: 3,
      threads: 2,
      progress: { report() {}, say() {} },
    });
  const wrong = (what: string) => (error: Complaint) => {
    assert.deepEqual([error.what, error.exitCode], [what, 2]);
    return true;
  };
  await assert.rejects(search({ text: "a" }, "tset"), wrong("there is no split `tset`"));
  const { config } = await readModel(at("tuned"));
  const most = config.max_position_embeddings - 2;
  assert.equal((await search({ text: "a ".repeat(most) }, "test")).length, 3);
  await assert.rejects(
    search({ text: "a ".repeat(most + 1) }, "test"),
    wrong(`the query has ${most + 1} word pieces; the model takes at most ${most}`),
  );
});

Deno.test("a shortlist of all images ranks like scoring every pair", async () => {
  for (const kind of ["cross", "sum"]) {
    const [all, listed] = await Promise.all([
      scores("tuned", { scores: kind }),
      scores("tuned", { scores: kind, shortlist: 1000 }),
    ]);
    assert.deepEqual(listed!.metrics, all!.metrics);
  }
});

Deno.test("re-ranking in addition to full scoring gives the metrics of the shortlist alone", async () => {
  const [full, both, listed] = await Promise.all([
    scores("tuned", {}),
    scores("tuned", { rerank: 2 }),
    scores("tuned", { shortlist: 2 }),
  ]);
  assert.deepEqual(both!.values, full!.values);
  for (const name of ["i2t_r1", "t2i_r1", "i2t_r5", "t2i_r5", "rsum"]) {
    const metric = (metrics: Record<string, unknown>, prefix = "") =>
      Number(metrics[`${prefix}${name}`]);
    assert.equal(metric(both!.metrics), metric(full!.metrics));
    assert.equal(metric(both!.metrics, "rerank_"), metric(listed!.metrics));
    assert.ok(
      Math.abs(
        metric(both!.metrics, "rerank_lost_") - metric(full!.metrics) + metric(listed!.metrics),
      ) < 1e-12,
    );
  }
  const refused = v.safeParse(evaluate.parameters, { rerank: 2, shortlist: 2 });
  assert.equal(
    refused.issues?.[0].message,
    "use 0: with `shortlist`, full scoring is not available for comparison",
  );
});

Deno.test("the score of a model that was tuned on branches is its cross score plus its weight times the cosine", async () => {
  const [cross, cosines, sum] = await Promise.all([
    scores("tuned", { scores: "cross" }),
    scores("tuned", { scores: "branches" }),
    scores("tuned", { scores: "sum" }),
  ]);
  sum!.values.forEach((value, pair) => {
    const expected = cross!.values[pair]! + 5 * cosines!.values[pair]!;
    assert.ok(Math.abs(value - expected) < 1e-5);
  });
});

Deno.test("a shortlist of one image leaves the first answer to the branches", async () => {
  const branches = await scores("tuned", { scores: "branches" });
  const listed = await scores("tuned", { scores: "sum", branch_weight: 1e6, shortlist: 1 });
  assert.equal(listed.metrics["t2i_r1"], branches.metrics["t2i_r1"]);
});

Deno.test("a killed run on top of branches resumes with the same bits", async () => {
  const run = (name: string, more: object = {}) =>
    runStage({
      stage: fineTune,
      parameters: tuning,
      inputs: { features, weights: at("branches") },
      folder: at(name),
      ...more,
    });
  await run("whole");
  const stop = new AbortController();
  const rows = new Map<string, Row[]>();
  const onReport = (done: number) => done === 2 && stop.abort(new Error("stopped"));
  await assert.rejects(run("broken", { rows, signal: stop.signal, onReport }), /stopped/);
  await run("broken", { rows });
  assert.deepEqual(await digestsBelow(at("broken")), await digestsBelow(at("whole")));
});

Deno.test("parameters that do not fit together are refused, with a fix", async () => {
  const issues = (stage: typeof pretrain, parameters: object) =>
    v.safeParse(stage.parameters, { seed: 1, ...parameters }).issues?.map(({ message }) => message)
      .join();
  assert.match(issues(fineTune, { pool: 30 })!, /^use 0, or set `branch_weight`/);
  assert.match(
    issues(fineTune, { pool: 3, branch_weight: 1 })!,
    /^use 0, or at least \d+, the number of `negatives`/,
  );
  assert.match(issues(pretrain, { branch_weight: 1 })!, /^use 0, or add `pair_ranking`/);
  const both = { tasks: { pair_ranking: 1, branch_contrast: 1 }, branch_weight: 1 };
  assert.match(issues(pretrain, both)!, /^use 0, or remove `branch_contrast`/);
  assert.match(
    issues(pretrain, { tasks: { pair_ranking: 1 }, pool: 5 })!,
    /^use 0, or set `branch_weight`/,
  );
  assert.equal(issues(fineTune, { branch_weight: 1, pool: 30 }), undefined);
  await assert.rejects(
    pretrained("moved", "tuned", { tasks: { branch_contrast: 1 } }),
    /would train branches that were frozen/,
  );
  await assert.rejects(
    runStage({
      stage: fineTune,
      parameters: tuning,
      inputs: { features, weights: at("initial") },
      folder: at("refused"),
    }),
    /^error: `branch_weight` requires a model with two branches/,
  );
});

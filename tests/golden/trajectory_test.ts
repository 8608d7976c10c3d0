/** The release's recorded trainings, update by update, by our fine-tuning step. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { HostWeights } from "../../stages/model/weights.ts";
import { withRankHead } from "../../stages/model/initial_weights.ts";
import { rankingParts, trainedNames } from "../../stages/model/parameters.ts";
import { weightsOnDevice } from "../../stages/model/weights.ts";
import { pairTables } from "../../stages/batch/row_tables.ts";
import { testCompute } from "../support/compute.ts";
import { goldenSplit, type RecordedProblem } from "../support/golden_data.ts";
import { replay, type ReplayedUpdate, type ReplaySettings } from "../support/golden_replay.ts";
import { ourMatrix } from "../support/golden_scores.ts";
import { assertStatistics, statisticsOf } from "../support/golden_statistics.ts";
import { goldenCheckpoint, goldenConfiguration, goldenJson } from "../support/goldens.ts";
import { assertClose } from "../support/tensor_test.ts";

const { runs, settings }: { runs: Record<string, Run>; settings: ReplaySettings } = goldenJson(
  "trajectory.json",
);
const start = await goldenCheckpoint((settings as { start_checkpoint?: string }).start_checkpoint);
const config = goldenConfiguration();
const trained = trainedNames(config, rankingParts);
const compute = await testCompute();

interface Run {
  readonly steps: readonly RecordedStep[];
  readonly final_rank_scores: number[][];
  readonly final_rank_scores_if_init_output_is_reapplied: number[][];
  readonly final_param_stats: Record<
    string,
    { l2: number; sum: number; cosdot: number; delta_l2: number | null }
  >;
  readonly float64_replay: {
    readonly max_final_score_diff_to_fp32_run: number;
    readonly steps: readonly { sum_loss: number; grad_norm: number }[];
    readonly final_rank_scores: number[][];
  };
}

interface RecordedStep {
  readonly step: number;
  readonly tsa_global_step: number;
  readonly lr: number;
  readonly grad_norm: number;
  readonly sum_loss: number;
  readonly micro: readonly RecordedMicro[];
}

interface RecordedMicro extends RecordedProblem {
  readonly anchor: "image" | "text";
  readonly candidate_scores: readonly number[];
  readonly hard_indices: readonly number[];
  readonly rank_loss_mean: number;
  readonly iais_loss: number | null;
  readonly loss: number;
  readonly tsa?: number;
}

/** One of our micro-steps has one problem per direction; the release has two steps for them. */
function microSteps({ micro }: RecordedStep): [RecordedMicro, RecordedMicro][] {
  const image = micro.filter(({ anchor }) => anchor === "image");
  const text = micro.filter(({ anchor }) => anchor === "text");
  assert.equal(image.length, settings.train_batch_size);
  return image.map((problem, place) => [problem, text[place]!]);
}

for (const [name, run] of Object.entries(runs)) {
  Deno.test(`training with alignment ${name} follows the release update by update`, async () => {
    const before = tf.memory().numTensors;
    await follow(name, run);
    assert.equal(tf.memory().numTensors, before, "tensors left behind");
  });
}

async function follow(name: string, run: Run): Promise<void> {
  using split = await goldenSplit("train");
  const tables = pairTables(split.set, split.index);
  using _freed = { [Symbol.dispose]: () => tf.dispose({ ...tables }) };
  const alignment = name === "False" ? undefined : name as "singular" | "distributed";
  using training = replay(compute, config, {
    alignment,
    settings,
    split,
    tables,
    start: weightsOnDevice(start, trained),
  });
  assert.equal(run.steps.length, settings.num_train_steps);
  for (const [place, recorded] of run.steps.entries()) {
    const made = training.update(microSteps(recorded));
    assertUpdate(made, recorded, run.float64_replay.steps[place]!);
  }
  assertParameters(training.weights, run);

  const tuned = { ...start, ...hostWeights(training.weights) };
  using test = await goldenSplit("test");
  const scores = async (weights: HostWeights) =>
    (await ourMatrix(compute, config, test, weights)).scores;
  const tolerance = Math.max(5e-5, 3 * run.float64_replay.max_final_score_diff_to_fp32_run);
  const final = await scores(tuned);
  assertClose(final, run.final_rank_scores.flat(), tolerance, "final scores");
  assertClose(final, run.float64_replay.final_rank_scores.flat(), tolerance, "in float64");
  const { "rank_output.weight": _weight, "rank_output.bias": _bias, ...rest } = tuned;
  const reapplied = run.final_rank_scores_if_init_output_is_reapplied.flat();
  assertClose(
    await scores(withRankHead(rest)),
    reapplied,
    tolerance,
    "with the head of pre-training",
  );
}

function assertUpdate(
  { rate, weight, norm, microSteps: made }: ReplayedUpdate,
  recorded: RecordedStep,
  float64: { readonly sum_loss: number; readonly grad_norm: number },
): void {
  const at = `at step ${recorded.step}`;
  assertClose([rate / recorded.lr], [1], 1e-9, `learning rate ${at}`);
  assertClose([norm, norm], [recorded.grad_norm, float64.grad_norm], 5e-5, `norm ${at}`);
  const perMicroStep = microSteps(recorded);
  for (const [place, problems] of perMicroStep.entries()) {
    const { candidateScores, chosen, numbers } = made[place]!;
    for (const [row, problem] of problems.entries()) {
      const scores = candidateScores[row]!;
      assertClose(scores, problem.candidate_scores, 5e-5, `${problem.anchor} candidates ${at}`);
      const [positive, ...hard] = chosen[row]!;
      assert.equal(positive, 0);
      const ascending = (indices: readonly number[]) => indices.toSorted((a, b) => a - b);
      assert.deepEqual(ascending(hard), ascending(problem.hard_indices), `mined ${at}`);
      if (problem.tsa !== undefined) assertClose([weight], [problem.tsa], 1e-6, `weight ${at}`);
    }
    const sum = (number: (problem: RecordedMicro) => number) =>
      problems.reduce((sum, problem) => sum + number(problem), 0);
    const [loss, ranking, aligning] = numbers;
    const count = settings.train_batch_size;
    assertClose([loss / count], [sum((problem) => problem.loss)], 2e-5, `loss ${at}`);
    assertClose([ranking], [sum((problem) => problem.rank_loss_mean)], 2e-5, `ranking ${at}`);
    assertClose([aligning], [sum((problem) => problem.iais_loss ?? 0)], 2e-5, `alignment ${at}`);
  }
  const total = made.reduce((sum, { numbers }) => sum + numbers[0], 0) / settings.train_batch_size;
  assertClose([total, total], [recorded.sum_loss, float64.sum_loss], 5e-5, `sum of losses ${at}`);
}

function assertParameters(weights: Readonly<Record<string, tf.Tensor>>, run: Run): void {
  for (const [name, { delta_l2, ...recorded }] of Object.entries(run.final_param_stats)) {
    const tensor = weights[name];
    if (tensor === undefined) { // nothing trains it
      assertClose([delta_l2!], [0], 0, `change of ${name}`);
      continue;
    }
    // The gradient of a key's bias is rounding error alone, which AdamW scales up; it changes no score.
    const noise = name.endsWith("key.bias") ? 1e-2 : 0;
    assertStatistics(name, tensor, recorded, { relative: 1e-5, absolute: noise + 1e-5 });
    if (delta_l2 === null) continue;
    const before = start[name]!.values;
    const moved = statisticsOf(tensor.dataSync<"float32">().map((x, i) => x - before[i]!)).l2;
    assertClose([moved], [delta_l2], noise + 1e-5, `change of ${name}`);
  }
}

function hostWeights(weights: Readonly<Record<string, tf.Tensor>>): HostWeights {
  return Object.fromEntries(
    Object.entries(weights).map(([name, tensor]) => [
      name,
      { shape: tensor.shape, values: tensor.dataSync<"float32">() },
    ]),
  );
}

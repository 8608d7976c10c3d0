/**
 * Training on recorded problems: the micro-step and the update of fine-tuning, as programs, with the
 * release's settings.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Configuration } from "../../stages/model/configuration.ts";
import type { Weights } from "../../stages/model/weights.ts";
import { alignments } from "../../stages/objective/alignment.ts";
import type { Compute } from "../../stages/tensorflow/kernels/backend.ts";
import { compile } from "../../stages/tensorflow/programs/compile.ts";
import { clippedUpdate, publishedAdamw, updateScalars } from "../../stages/train/adamw.ts";
import { fineTuningStep, type MicroStepInputs } from "../../stages/train/fine_tune/step.ts";
import { hardCandidates } from "../../stages/train/fine_tune/hard_negatives.ts";
import type { PairTables } from "../../stages/batch/row_tables.ts";
import type { RankingBatch } from "../../stages/train/fine_tune/ranking_batch.ts";
import { addGradients } from "../../stages/train/gradients.ts";
import { alignmentWeight, learningRate } from "../../stages/train/schedules.ts";
import { scalarTensors } from "../../stages/train/loop.ts";
import { TrainingState } from "../../stages/train/state.ts";
import { batchOfProblems, type GoldenSplit, type RecordedProblem } from "./golden_data.ts";
import { minedScores } from "./golden_ranking.ts";

/** trajectory.json's `settings`. */
export interface ReplaySettings {
  readonly train_batch_size: number;
  readonly num_train_steps: number;
  readonly warmup_steps: number;
  readonly learning_rate: number;
  readonly hard_neg_size: number;
  readonly margin: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weight_decay: number;
  readonly grad_norm: number;
  readonly tsa: string;
}

const schedules = {
  exp_schedule: "exponential",
  linear_schedule: "linear",
  log_schedule: "logarithmic",
} as const;

export interface ReplayedMicroStep {
  /** Of the image-anchored problem, then of the text-anchored one. */
  readonly candidateScores: readonly (readonly number[])[];
  /** The positive (0), then the hard negatives. */
  readonly chosen: readonly (readonly number[])[];
  /** Loss of the step, ranking losses and alignment losses, each summed over both problems. */
  readonly numbers: readonly [number, number, number];
}

export interface ReplayedUpdate {
  readonly rate: number;
  /** The annealed weight of the alignment loss. */
  readonly weight: number;
  /** Of the gradients, before clipping. */
  readonly norm: number;
  readonly microSteps: readonly ReplayedMicroStep[];
}

export interface Replay extends Disposable {
  /** @param problems of the update's micro-steps: image-anchored, then text-anchored */
  update(problems: readonly (readonly [RecordedProblem, RecordedProblem])[]): ReplayedUpdate;
  readonly weights: Weights;
}

export function replay(
  compute: Compute,
  config: Configuration,
  { alignment, settings, split, tables, start }: {
    /** Undefined: without alignment, so laid out as the release does then. */
    readonly alignment: keyof typeof alignments | undefined;
    readonly settings: ReplaySettings;
    readonly split: GoldenSplit;
    readonly tables: PairTables;
    /** Trained tensors; the replay takes them over. */
    readonly start: Weights;
  },
): Replay {
  const releaseLayout = alignment === undefined;
  const objective = {
    alignment: alignment && alignments[alignment],
    margin: settings.margin,
    hardNegatives: settings.hard_neg_size,
    releaseLayout,
  };
  const options = { xla: false };
  const step = compile(
    compute,
    (inputs: MicroStepInputs) => fineTuningStep(config, objective, inputs),
    { name: "replayed_step", ...options },
  );
  // The same mining once more, for what the step keeps to itself.
  const mine = compile(
    compute,
    ({ weights, tables, drawn }: { weights: Weights; tables: PairTables; drawn: RankingBatch }) => {
      const layout = releaseLayout ? "plain" : "iais";
      const { scores } = minedScores(weights, { config, tables, drawn, layout });
      const chosen = hardCandidates(scores, { count: settings.hard_neg_size });
      return { scores: scores as tf.Tensor, chosen: chosen as tf.Tensor };
    },
    { name: "replayed_mining", ...options },
  );
  const adamw = {
    ...publishedAdamw,
    beta1: settings.betas[0],
    beta2: settings.betas[1],
    eps: settings.eps,
    decay: settings.weight_decay,
  };
  const update = compile(
    compute,
    (inputs: Parameters<typeof clippedUpdate>[0]) =>
      clippedUpdate(inputs, { ...adamw, clip: settings.grad_norm }),
    { name: "replayed_update", ...options },
  );
  const state = TrainingState.fresh(start);
  const { train_batch_size: micro, num_train_steps: total } = settings;
  const schedule = schedules[settings.tsa as keyof typeof schedules];

  return {
    get weights() {
      return state.tensors.weights;
    },
    update(problems) {
      const { weights } = state.tensors;
      const weight = alignmentWeight(state.updates, { total, schedule });
      // The release divides the ranking losses by its batch size and not the alignment losses; our
      // step divides all.
      const scalars = scalarTensors({ share: 1 / micro, alignmentWeight: weight * micro });
      const key = tf.tensor1d([1, 2], "int32");
      let sum: Record<string, tf.Tensor> = {};
      const microSteps = problems.map((problem, microStep): ReplayedMicroStep => {
        const [imageAnchored, textAnchored] = problem;
        const drawn = batchOfProblems(split, { imageAnchored, textAnchored });
        const mined = mine({ weights, tables, drawn });
        const next = step({
          weights,
          tables,
          batch: drawn,
          key,
          alignmentWeight: scalars["alignmentWeight"]!,
          share: scalars["share"]!,
        });
        const told = {
          candidateScores: mined.scores.arraySync() as number[][],
          chosen: mined.chosen.arraySync() as number[][],
          numbers: next.numbers.arraySync() as [number, number, number],
        };
        const before = sum;
        sum = tf.tidy(() => addGradients(before, next.gradients));
        if (microStep > 0) tf.dispose([before, next.gradients]);
        tf.dispose([mined, drawn, next.numbers, next.scores]);
        return told;
      });
      const rate = learningRate(state.updates + 1, {
        peak: settings.learning_rate,
        warmup: settings.warmup_steps,
        total,
      });
      const rates = scalarTensors({ ...updateScalars(state.updates + 1, rate, adamw) });
      const inputs = { state: { ...state.tensors }, gradients: sum, scalars: rates };
      const next = update(inputs as never);
      const norm = next.norm.dataSync()[0]!;
      tf.dispose([sum, scalars, rates, key, next.norm]);
      state.advance(next.state);
      return { rate, weight, norm, microSteps };
    },
    [Symbol.dispose]() {
      state[Symbol.dispose]();
      for (const program of [step, mine, update]) program[Symbol.dispose]();
    },
  };
}

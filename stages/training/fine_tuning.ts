/** Runs fine-tuning: data on the device once, then recorded programs for micro-step and update. */
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../pipeline/random_stream.ts";
import type { StageContext } from "../../pipeline/stage.ts";
import { openFeatures } from "../data/feature_set.ts";
import { withRankHead } from "../model/initial_weights.ts";
import { readModel } from "../model/model_artifact.ts";
import { writePytorch } from "../model/pytorch_writer.ts";
import { trainedNames } from "../model/parameters.ts";
import { alignmentFrom, type AlignmentParameters } from "../objective/alignment_parameters.ts";
import { type AlignmentScope, layersOf } from "../objective/alignment_scope.ts";
import { startCompute } from "../tensorflow/backend.ts";
import { compileOnce } from "../tensorflow/kept_programs.ts";
import {
  type FineTuningObjective,
  fineTuningStep,
  type MicroStepInputs,
} from "./fine_tuning_step.ts";
import { indexSplit, requireFit } from "./pair_tables.ts";
import { rankingData } from "./ranking_data.ts";
import { rankingProblems } from "./sampling.ts";
import { signsOfRows } from "./score_signs.ts";
import { type AlignmentSchedule, alignmentWeight } from "./schedules.ts";
import { freedAtEnd } from "./freed_at_end.ts";
import { type OptimisationParameters, train } from "./training_loop.ts";
import { validation, type ValidationParameters } from "./validation.ts";
import { zerosLike } from "./training_state.ts";

export interface FineTuningParameters
  extends OptimisationParameters, ValidationParameters, AlignmentParameters, AlignmentScope {
  readonly alignment_weight: number;
  readonly schedule: AlignmentSchedule;
  readonly micro_steps: number;
  readonly anchors: number;
  readonly negatives: number;
  readonly hard_negatives: number;
  readonly margin: number;
  readonly release_layout: boolean;
  readonly pytorch_file: "none" | "zip" | "stream";
}

export async function fineTuning(context: StageContext<FineTuningParameters>): Promise<void> {
  const { parameters: p, inputs } = context;
  const compute = await startCompute({ threads: context.threads });
  context.progress.say(compute.description);
  using set = await openFeatures(inputs["features"]!);
  const model = await readModel(inputs["weights"]!.folder);
  const { config } = model;
  const start = withRankHead(model.weights);
  const trained = trainedNames(config, ["ranking"]);
  const index = indexSplit(set, "train");
  requireFit(set, index, config);
  using data = rankingData(set, index);
  const random = randomStream(p.seed).fork("fine_tune");
  const objective = objectiveOf(p);
  layersOf(p.layers, config); // complains before anything is read or compiled
  const microStep = compileOnce(
    compute,
    (inputs: MicroStepInputs) => fineTuningStep(config, objective, inputs),
    { name: "fine_tuning_step", xla: p.xla, decides: [config, objective] },
  );
  const share = tf.scalar(1 / p.micro_steps);
  using _freed = freedAtEnd([share]);
  await train(context, compute, {
    phase: "fine_tune",
    config,
    start,
    trained,
    validation: validation(context, compute, config, set, p),
    pairsPerUpdate: 2 * p.micro_steps * p.anchors * (1 + p.negatives),
    gradients(weights, update) {
      const annealed = alignmentWeight(update - 1, { total: p.steps, schedule: p.schedule });
      const weightTensor = tf.scalar(p.alignment_weight * annealed);
      // A single micro-step has nothing to add to; several run one program, so the first adds to 0.
      let accumulated: Record<string, tf.Tensor> = p.micro_steps === 1 ? {} : zerosLike(weights);
      const sums = [0, 0, 0];
      const mined: number[] = [];
      for (let micro = 0; micro < p.micro_steps; micro++) {
        const place = (update - 1) * p.micro_steps + micro;
        const { tables, batch, free } = data.onDevice(rankingProblems(index, random, place, p));
        const key = tf.tensor1d([...random.fork("dropout").fork(place).key], "int32");
        const next = microStep({
          weights,
          accumulated,
          tables,
          batch,
          key,
          alignmentWeight: weightTensor,
          share,
        });
        next.numbers.dataSync().forEach((number, i) => sums[i]! += number / p.micro_steps);
        next.mined.dataSync().forEach((score) => mined.push(1 / (1 + Math.exp(-score))));
        tf.dispose([accumulated, key, next.numbers, next.mined]);
        free();
        accumulated = next.accumulated;
      }
      weightTensor.dispose();
      const [loss, ranking, aligning] = sums as [number, number, number];
      const aligned = objective.alignment !== undefined;
      return {
        gradients: accumulated,
        numbers: {
          loss,
          rank_loss: ranking,
          alignment_loss: aligned ? aligning : null,
          alignment_weight: aligned ? p.alignment_weight * annealed : null,
        },
        signs: signsOfRows(mined, 1 + p.negatives, () => 0),
        note: `ranking ${ranking.toFixed(3)}${aligned ? `, alignment ${aligning.toFixed(3)}` : ""}`,
      };
    },
  });
  if (p.pytorch_file !== "none") {
    const { weights } = await readModel(context.folder);
    await writePytorch(`${context.folder}/model.pt`, weights, { container: p.pytorch_file });
  }
}

/** What the parameters ask to be minimised. */
export function objectiveOf(
  { margin, hard_negatives: hardNegatives, precision, release_layout, ...aligning }:
    & Pick<FineTuningParameters, "margin" | "hard_negatives" | "precision" | "release_layout">
    & AlignmentParameters
    & AlignmentScope,
): FineTuningObjective {
  const { layers, heads, modality } = aligning;
  const alignment = alignmentFrom(aligning);
  return {
    alignment,
    scope: { layers, heads, modality },
    margin,
    hardNegatives,
    precision,
    // With alignment, the release lays its pairs out rightly.
    releaseLayout: release_layout && alignment === undefined,
  };
}

/** Runs fine-tuning: copies the data to the device, then runs recorded micro-steps and updates. */
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import type { StageContext } from "../../../pipeline/contract/stage.ts";
import { type FeatureSet, openFeatures, type TrainingSplits } from "../../data/feature_set.ts";
import { pictureVectors } from "../../data/picture_vectors.ts";
import { requireBranches, withFrozenBranches } from "../../model/branches.ts";
import type { Configuration } from "../../model/configuration.ts";
import { withRankHead } from "../../model/initial_weights.ts";
import type { Precision } from "../../model/matrix_product.ts";
import { readModel } from "../../model/checkpoint/model_artifact.ts";
import { writePytorch } from "../../model/checkpoint/pytorch_writer.ts";
import { rankingParts, trainedNames } from "../../model/parameters.ts";
import { alignmentFrom, type AlignmentParameters } from "../../objective/alignment_parameters.ts";
import { type AlignmentScope, layersOf } from "../../objective/alignment_scope.ts";
import { type Compute, startCompute } from "../../tensorflow/kernels/backend.ts";
import { compileOnce } from "../../tensorflow/programs/compile.ts";
import { addGradients } from "../gradients.ts";
import { rowLengths } from "../../batch/row_tables.ts";
import { packingOf, packings } from "./packing.ts";
import {
  type FineTuningObjective,
  fineTuningStep,
  hardChoice,
  type MicroStepInputs,
  type Packing,
} from "./step.ts";
import type { Weights } from "../../model/weights.ts";
import { requireFamilies, trainingIndex } from "../../batch/split_index.ts";
import { featureBudget } from "../../batch/feature_budget.ts";
import { requireFit } from "../../batch/model_fit.ts";
import { rankingData } from "./ranking_data.ts";
import { rankingProblems } from "../../batch/sampling.ts";
import { signsOfRows } from "../score_signs.ts";
import { type AlignmentSchedule, alignmentWeight } from "../schedules.ts";
import { frozenBranches } from "../../score/frozen_branches.ts";
import { type OptimisationParameters, train } from "../loop.ts";
import type { Validation } from "../best_weights.ts";

export interface FineTuningParameters
  extends OptimisationParameters, AlignmentParameters, AlignmentScope {
  readonly train: TrainingSplits;
  readonly train_images?: number | undefined;
  readonly alignment_weight: number;
  readonly schedule: AlignmentSchedule;
  readonly micro_steps: number;
  readonly anchors: number;
  readonly negatives: number;
  readonly family_negatives: number;
  readonly hard_negatives: number;
  readonly ranking: "margin" | "softmax";
  readonly margin: number;
  /** Margin of the contrast of the alignment loss. */
  readonly contrast: number | "none";
  readonly release_layout: boolean;
  readonly feature_drop: number;
  readonly region_drop: number;
  /** Weight of the frozen branches' cosines in the scores; 0: without branches. */
  readonly branch_weight: number;
  /** Wrong answers drawn per problem, of which the branches choose the negatives; 0: no choice. */
  readonly pool: number;
  readonly pytorch_file: "none" | "zip" | "stream";
  /** Precision of the encoder's matrix products. */
  readonly precision: Precision;
}

/** What a validation of the model needs. */
export interface TunedModel {
  readonly compute: Compute;
  readonly config: Configuration;
  readonly set: FeatureSet;
}

/** @param validationOf returns the validation of a model, if the parameters request one */
export async function fineTuning(
  context: StageContext<FineTuningParameters>,
  validationOf: (model: TunedModel) => Validation | undefined,
): Promise<void> {
  const { parameters: p, inputs } = context;
  const compute = await startCompute({ threads: context.threads });
  context.progress.say(compute.description);
  using set = await openFeatures(inputs["features"]!);
  const model = await readModel(inputs["weights"]!.folder);
  const { config } = model;
  const onBranches = p.branch_weight > 0;
  if (onBranches) requireBranches(model.weights, "`branch_weight`");
  const ranking = withRankHead(model.weights);
  const start = onBranches ? withFrozenBranches(ranking, p.branch_weight) : ranking;
  const trained = trainedNames(config, rankingParts);
  const index = trainingIndex(set, p);
  requireFit(set, index, config);
  const pictures = onBranches ? await pictureVectors(inputs["features"]!, set) : undefined;
  const branches = pictures &&
    await frozenBranches(compute, { config, weights: start }, { set, index, pictures, xla: p.xla });
  using data = rankingData(set, index, {
    anchors: p.anchors,
    negatives: p.negatives,
    budget: featureBudget(compute),
    branches: branches && { tables: branches.tables, pictures: pictures! },
  });
  if (p.family_negatives > 0) requireFamilies(index, "family_negatives");
  const sizes = {
    ...p,
    familyNegatives: p.family_negatives,
    pool: p.pool > 0 && branches ? { size: p.pool, cosine: branches.cosine } : undefined,
  };
  const random = randomStream(p.seed).fork("fine_tune");
  const objective = objectiveOf(p);
  layersOf(p.layers, config); // fails early, before anything is compiled
  const lengths = rowLengths(set, index);
  const hard = hardChoice(objective);
  const packed = objective.releaseLayout ? [] : packings(lengths, index, {
    anchors: p.anchors,
    negatives: p.negatives,
    hard,
    microSteps: p.steps * p.micro_steps,
  });
  const microStep = (packing: Packing | undefined) => {
    const packedObjective = { ...objective, packing };
    return compileOnce(
      compute,
      (inputs: MicroStepInputs) => fineTuningStep(config, packedObjective, inputs),
      { name: "fine_tuning_step", xla: p.xla, decides: [config, packedObjective] },
    );
  };
  const add = compileOnce(
    compute,
    ({ sum, gradients }: { sum: Weights; gradients: Weights }) => ({
      sum: addGradients(sum, gradients),
    }),
    { name: "add_gradients", xla: p.xla, consumes: "sum", decides: [] },
  );
  const share = tf.scalar(1 / p.micro_steps);
  /** Draws a micro-step's problems and copies them to the device. @param place counted over all updates */
  const prepared = (place: number) => {
    const problems = rankingProblems(index, random, place, sizes);
    const { tables, batch, free } = data.onDevice(problems);
    const key = tf.tensor1d([...random.fork("dropout").fork(place).key], "int32");
    const packing = packed.length === 0 ? undefined : packingOf(packed, problems, lengths, hard);
    const freeAll = () => {
      key.dispose();
      free();
    };
    return { place, packing, inputs: { tables, batch, key }, free: freeAll };
  };
  /** The next micro-step, prepared while the one before is computed. */
  let ahead: ReturnType<typeof prepared> | undefined;
  using _freed = {
    [Symbol.dispose]() {
      share.dispose();
      ahead?.free();
    },
  };
  await train(context, compute, {
    phase: "fine_tune",
    config,
    start,
    trained,
    validation: validationOf({ compute, config, set }),
    pairsPerUpdate: 2 * p.micro_steps * p.anchors * (1 + p.negatives),
    async gradients(weights, update) {
      const annealed = alignmentWeight(update - 1, { total: p.steps, schedule: p.schedule });
      const weightTensor = tf.scalar(p.alignment_weight * annealed);
      let sum: Weights | undefined;
      const sums = [0, 0, 0, 0];
      const probabilities: number[] = [];
      for (let micro = 0; micro < p.micro_steps; micro++) {
        const place = (update - 1) * p.micro_steps + micro;
        const { packing, inputs, free } = ahead?.place === place ? ahead : prepared(place);
        ahead = undefined;
        const computing = microStep(packing).elsewhere({
          weights,
          ...inputs,
          alignmentWeight: weightTensor,
          share,
        });
        // The program holds its inputs for as long as it reads them.
        free();
        if (place + 1 < p.steps * p.micro_steps) ahead = prepared(place + 1);
        const { gradients, numbers, scores } = await computing;
        numbers.dataSync().forEach((number, i) => sums[i]! += number / p.micro_steps);
        scores.dataSync().forEach((score) => probabilities.push(1 / (1 + Math.exp(-score))));
        tf.dispose([numbers, scores]);
        if (sum === undefined) {
          sum = gradients;
        } else {
          sum = add({ sum, gradients }).sum;
          tf.dispose(gradients);
        }
      }
      weightTensor.dispose();
      const [loss, ranking, aligning, entropy] = sums as [number, number, number, number];
      const aligned = objective.alignment !== undefined;
      return {
        gradients: { ...sum },
        numbers: {
          loss,
          rank_loss: ranking,
          alignment_loss: aligned ? aligning : null,
          alignment_weight: aligned ? p.alignment_weight * annealed : null,
        },
        signs: signsOfRows(probabilities, 1 + p.negatives, () => 0),
        ...aligned && { entropy },
        note: `ranking ${ranking.toFixed(3)}${aligned ? `, alignment ${aligning.toFixed(3)}` : ""}`,
      };
    },
  });
  if (p.pytorch_file !== "none") {
    const { weights } = await readModel(context.folder);
    await writePytorch(`${context.folder}/model.pt`, weights, { container: p.pytorch_file });
  }
}

/** The objective that the parameters describe. */
export function objectiveOf(
  { ranking, margin, hard_negatives: hardNegatives, precision, release_layout, ...others }:
    & Pick<FineTuningParameters, "hard_negatives" | "precision" | "release_layout">
    & Pick<FineTuningParameters, "ranking" | "margin">
    & Pick<FineTuningParameters, "feature_drop" | "region_drop" | "branch_weight" | "contrast">
    & AlignmentParameters
    & AlignmentScope,
): FineTuningObjective {
  const { feature_drop: feature, region_drop: region, branch_weight, ...aligning } = others;
  const { layers, heads, modality, contrast } = aligning;
  const alignment = alignmentFrom(aligning);
  return {
    alignment,
    scope: { layers, heads, modality },
    ...(contrast !== "none" && { contrast }),
    margin,
    ...(ranking === "softmax" && { ranking }),
    hardNegatives,
    precision,
    ...(feature + region > 0 && { drops: { feature, region } }),
    ...(branch_weight > 0 && { branchWeight: branch_weight }),
    // With alignment, the release lays out its pairs correctly.
    releaseLayout: release_layout && alignment === undefined,
  };
}

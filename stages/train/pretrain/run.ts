/**
 * Runs pretraining: data on the device once, then a task drawn for each update and its recorded
 * program.
 */
import * as tf from "@tensorflow/tfjs-core";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import type { StageContext } from "../../../pipeline/contract/stage.ts";
import { requireFit } from "../../batch/model_fit.ts";
import { featureBudget } from "../../batch/feature_budget.ts";
import { imageSupply } from "../../batch/image_supply.ts";
import { longestRows, pictureTable, textTable } from "../../batch/row_tables.ts";
import { requireFamilies, type SplitIndex, trainingIndex } from "../../batch/split_index.ts";
import { type FeatureSet, openFeatures, type TrainingSplits } from "../../data/feature_set.ts";
import { type PictureVectors, pictureVectors } from "../../data/picture_vectors.ts";
import { readRegionClasses } from "../../data/region_classes.ts";
import { requireBranches, withFrozenBranches } from "../../model/branches.ts";
import { readModel } from "../../model/checkpoint/model_artifact.ts";
import type { Configuration } from "../../model/configuration.ts";
import { trainedNames } from "../../model/parameters.ts";
import { frozenBranches } from "../../score/frozen_branches.ts";
import { type Compute, startCompute } from "../../tensorflow/kernels/backend.ts";
import type { Validation } from "../best_weights.ts";
import { type OptimisationParameters, train, type UpdateGradients } from "../loop.ts";
import { objectiveOf, type ObjectiveParameters, taskProgram } from "./program.ts";
import { startingWeights } from "./start.ts";
import type { Need, StartParameters } from "./task.ts";
import { drawTask, pretrainingTasks, type TaskMix, type TaskName, tasksOf } from "./task_table.ts";

export interface PretrainingParameters
  extends OptimisationParameters, ObjectiveParameters, StartParameters {
  readonly train: TrainingSplits;
  readonly train_images?: number | undefined;
  readonly tasks: TaskMix;
  readonly pairs: number;
  readonly families: boolean;
  readonly grid?: number | undefined;
  readonly mask_rate: number;
  readonly pool: number;
  readonly branch_factor: number;
  readonly image_factor: number;
  readonly xla: boolean;
}

/** What a validation of the branches reads. */
export interface TrainedBranches {
  readonly compute: Compute;
  readonly config: Configuration;
  readonly set: FeatureSet;
  readonly pictures: PictureVectors;
}

/** @param validationOf plans validations of the branches, where parameters ask for them */
export async function pretraining(
  context: StageContext<PretrainingParameters>,
  validationOf: (branches: TrainedBranches) => Validation | undefined,
): Promise<void> {
  const { parameters: p, inputs } = context;
  const compute = await startCompute({ threads: context.threads });
  context.progress.say(compute.description);
  using set = await openFeatures(inputs["features"]!);
  const model = await readModel(inputs["from"]!.folder);
  const { config } = model;
  const index = trainingIndex(set, p);
  requireFit(set, index, config);
  if (p.families) requireFamilies(index, "families");
  const names = tasksOf(p.tasks);
  const tasks = names.map((name) => pretrainingTasks[name]);
  const needs = (what: Need) => tasks.some((task) => task.needs?.includes(what));
  if (needs("two_pictures")) requireTwoPictures(index, names);
  const place = inputs["features"]!;
  const classes = needs("region_classes") ? await readRegionClasses(place, set) : undefined;
  const onBranches = needs("frozen_branches") && p.branch_weight > 0;
  if (onBranches) requireBranches(model.weights, "`branch_weight`");
  const pictures = needs("picture_vectors") || onBranches
    ? await pictureVectors(place, set)
    : undefined;
  const random = randomStream(p.seed).fork("pretrain");
  const fresh = await startingWeights(tasks, {
    context,
    compute,
    model,
    set,
    index,
    pictures,
    classes,
    random: random.fork("start"),
  });
  const start = onBranches ? withFrozenBranches(fresh, p.branch_weight) : fresh;
  const branches = onBranches
    ? await frozenBranches(compute, { config, weights: start }, {
      set,
      index,
      pictures: pictures!,
      xla: p.xla,
    })
    : undefined;
  const sizes = longestRows(set, index);
  const texts = {
    ...textTable(set, index, sizes),
    ...(pictures !== undefined && pictureTable(index, pictures)),
    ...branches?.tables,
  };
  using _freed = { [Symbol.dispose]: () => tf.dispose(texts) };
  using images = imageSupply(set, index.images, {
    regions: sizes.regions,
    most: p.pairs,
    budget: featureBudget(compute),
  });
  const source = {
    ...sizes,
    set,
    index,
    random,
    pairs: p.pairs,
    families: p.families,
    grid: p.grid,
    maskRate: p.mask_rate,
    classes,
    pool: p.pool > 0 && branches !== undefined
      ? { size: p.pool, cosine: branches.cosine }
      : undefined,
  };
  const options = { config, objective: objectiveOf(p), source, texts, images, xla: p.xla };
  const programs = new Map(names.map((name) => [name, taskProgram(compute, name, options)]));
  await train(context, compute, {
    phase: "pretrain",
    config,
    start,
    trained: trainedNames(config, tasks.flatMap(({ trains }) => trains)),
    factors: { branch_: p.branch_factor, "uniter.img_embeddings.": p.image_factor },
    validation: names.includes("branch_contrast")
      ? validationOf({ compute, config, set, pictures: pictures! })
      : undefined,
    pairsPerUpdate: p.pairs,
    gradients: (weights, update) =>
      tidied(() => {
        const task = drawTask(p.tasks, random, update);
        const own = trainedNames(config, pretrainingTasks[task].trains);
        const made = programs.get(task)!(
          Object.fromEntries(own.map((name) => [name, weights[name]!])),
          update,
        );
        // What a task does not reach has gradient 0, as in the release, which zeroes gradients.
        const gradients = Object.fromEntries(
          Object.entries(weights).map(([name, weight]) =>
            [name, made.gradients[name] ?? tf.zeros(weight.shape)] as const
          ),
        );
        return { ...made, gradients, labels: { task } };
      }),
  });
}

/** @throws {Complaint} if there is no picture to tell another one from */
function requireTwoPictures({ images }: SplitIndex, names: readonly TaskName[]): void {
  if (images.length > 1) return;
  const comparing = names.filter((name) => pretrainingTasks[name].needs?.includes("two_pictures"));
  throw new Complaint(
    `\`${comparing[0]}\` compares pictures, but there is only one to train on`,
    "train on more pictures, or use tasks that mask words or regions",
    { exitCode: 1 },
  );
}

/** Frees the tensors that a step has made and does not return, also if it fails. */
function tidied(step: () => UpdateGradients): UpdateGradients {
  return tf.tidy(step as unknown as () => tf.TensorContainer) as unknown as UpdateGradients;
}

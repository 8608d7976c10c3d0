/**
 * Runs pretraining: data on the device once, then a task drawn for each step and its recorded program.
 */
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import type { StageContext } from "../../../pipeline/contract/stage.ts";
import { type FeatureSet, openFeatures } from "../../data/feature_set.ts";
import { type PictureVectors, pictureVectors } from "../../data/picture_vectors.ts";
import { readRegionClasses } from "../../data/region_classes.ts";
import type { TrainingSplits } from "../../data/splits.ts";
import { readModel } from "../../model/checkpoint/model_artifact.ts";
import { requireBranches, withFrozenBranches } from "../../model/branches.ts";
import { trainedNames } from "../../model/parameters.ts";
import type { Configuration } from "../../model/configuration.ts";
import { type Compute, startCompute } from "../../tensorflow/kernels/backend.ts";
import { indexSplit } from "../../batch/split_index.ts";
import { longestRows, pairTables, pictureTable } from "../../batch/row_tables.ts";
import { requireFit } from "../../batch/model_fit.ts";
import { frozenBranches } from "../../score/frozen_branches.ts";
import { startingModel, type StartParameters } from "./start.ts";
import {
  drawTask,
  type PretrainingTask,
  type TaskMix,
  tasksOf,
  trainedBy,
} from "./pretraining_tasks.ts";
import { jointProgram, type ProgramParameters, taskProgram } from "./task_programs.ts";
import { type OptimisationParameters, train } from "../loop.ts";
import type { Validation } from "../best_weights.ts";

export interface PretrainingParameters
  extends OptimisationParameters, ProgramParameters, StartParameters {
  readonly train: TrainingSplits;
  readonly tasks: TaskMix;
  readonly branch_factor: number;
  readonly image_factor: number;
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
  const index = indexSplit(set, p.train);
  requireFit(set, index, config);
  const tasks = tasksOf(p.tasks);
  const needs = (task: PretrainingTask) => tasks.includes(task);
  const place = inputs["features"]!;
  const classes = needs("masked_region_classes") ? await readRegionClasses(place, set) : undefined;
  const onBranches = needs("pair_ranking") && p.branch_weight > 0;
  if (onBranches) requireBranches(model.weights, "`branch_weight`");
  const wantsPictures = needs("branch_contrast") || onBranches;
  const pictures = wantsPictures ? await pictureVectors(place, set) : undefined;
  const random = randomStream(p.seed).fork("pretrain");
  const fresh = await startingModel(context, compute, model, {
    set,
    index,
    pictures,
    classes: classes?.count,
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
  const tables = {
    ...pairTables(set, index, sizes),
    ...(pictures !== undefined && pictureTable(index, pictures)),
    ...branches?.tables,
  };
  using _freed = { [Symbol.dispose]: () => tf.dispose(tables) };
  const ground = {
    compute,
    config,
    set,
    index,
    random,
    tables,
    parameters: p,
    sizes,
    classes,
    cosine: branches?.cosine,
  };
  const programs = new Map(
    tasks.map((task) => [task, {
      run: task === "joint" ? jointProgram(ground) : taskProgram(ground, task),
      trains: trainedNames(config, trainedBy(task)),
    }]),
  );
  await train(context, compute, {
    phase: "pretrain",
    config,
    start,
    trained: trainedNames(config, tasks.flatMap(trainedBy)),
    factors: { branch_: p.branch_factor, "uniter.img_embeddings.": p.image_factor },
    validation: needs("branch_contrast")
      ? validationOf({ compute, config, set, pictures: pictures! })
      : undefined,
    pairsPerUpdate: p.pairs,
    gradients(weights, update) {
      const task = drawTask(p.tasks, random, update);
      const { run, trains } = programs.get(task)!;
      const made = run(Object.fromEntries(trains.map((name) => [name, weights[name]!])), update);
      // What a task does not reach has gradient 0, as in the release, which zeroes gradients.
      const gradients = Object.fromEntries(
        Object.entries(weights).map((
          [name, weight],
        ) => [name, made.gradients[name] ?? tf.zeros(weight.shape)]),
      );
      return { ...made, gradients, labels: { task } };
    },
  });
}

/** The weights that pretraining starts from: a model's, and fresh heads where a task finds none. */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import { yieldToEvents } from "../../../pipeline/contract/progress.ts";
import type { StageContext } from "../../../pipeline/contract/stage.ts";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import type { PictureVectors } from "../../data/picture_vectors.ts";
import { hasBranches, hasFrozenBranches } from "../../model/branches.ts";
import type { HostWeights } from "../../model/weights.ts";
import { startingTensor, withRankHead } from "../../model/initial_weights.ts";
import type { Model } from "../../model/checkpoint/model_artifact.ts";
import { extraParameters } from "../../model/parameters.ts";
import type { Compute } from "../../tensorflow/kernels/backend.ts";
import { type BranchStart, correlatedBranches, randomBranches } from "./branch_start.ts";
import { type TaskMix, tasksOf, trainedBy } from "./pretraining_tasks.ts";

export interface StartParameters {
  readonly tasks: TaskMix;
  /** Of a model without branches. */
  readonly warm_start: "correlation" | "random";
  readonly image_ridge: number;
  readonly text_ridge: number;
  readonly xla: boolean;
}

export interface StartGround extends Pick<BranchStart, "set" | "index"> {
  /** For `branch_contrast`. */
  readonly pictures: PictureVectors | undefined;
  /** How many, for `masked_region_classes`. */
  readonly classes: number | undefined;
  readonly random: RandomStream;
}

export async function startingModel(
  context: StageContext<StartParameters>,
  compute: Compute,
  model: Model,
  { classes, random, ...ground }: StartGround,
): Promise<HostWeights> {
  const { config, weights } = model;
  const wanted = tasksOf(context.parameters.tasks).flatMap(trainedBy);
  if (wanted.includes("branch_contrast") && hasFrozenBranches(weights)) {
    throw new Complaint(
      "`branch_contrast` would train branches that were frozen, beneath what this model has learned",
      "start from the model before `pair_ranking` or `fine_tune` with `branch_weight`",
      { exitCode: 1 },
    );
  }
  const heads = extraParameters(config, wanted.filter((task) => task !== "branch_contrast"), {
    classes,
  });
  const fresh = heads.flatMap((parameter) => {
    const found = weights[parameter.name];
    if (found === undefined) {
      return [[parameter.name, startingTensor(parameter, config, random)] as const];
    }
    if (String(found.shape) === String(parameter.shape)) return [];
    throw new Complaint(
      `the model's \`${parameter.name}\` is [${found.shape}]; these features want ` +
        `[${parameter.shape}]`,
      "start from a model that was trained on the same classes of regions, or on none",
      { exitCode: 1 },
    );
  });
  const branches = wanted.includes("branch_contrast") && !hasBranches(weights)
    ? await freshBranches(context, compute, model, { random, ...ground })
    : {};
  const made = { ...weights, ...Object.fromEntries(fresh), ...branches };
  return wanted.includes("pair_ranking") ? withRankHead(made) : made;
}

async function freshBranches(
  { parameters: p, progress, signal }: StageContext<StartParameters>,
  compute: Compute,
  model: Model,
  { set, index, pictures, random }: Omit<StartGround, "classes">,
): Promise<HostWeights> {
  if (p.warm_start === "random") return randomBranches(model, random);
  progress.say("both branches start at the canonical correlation of the training split");
  return await correlatedBranches(compute, model, {
    set,
    index,
    pictures: pictures!,
    ridge: { x: p.image_ridge, y: p.text_ridge },
    xla: p.xla,
    async after(done, total) {
      progress.report(done, total, "captions");
      await yieldToEvents();
      signal.throwIfAborted();
    },
  });
}

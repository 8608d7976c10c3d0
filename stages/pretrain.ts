import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import {
  checkValidation,
  consistent,
  count,
  keep,
  name,
  natural,
  poolUse,
  seed,
  trainingImages,
  trainingSplits,
  validationUse,
  xla,
} from "./parameter_schemas.ts";
import type { TaskName } from "./train/pretrain/task_table.ts";

const rate = v.pipe(v.number(), v.gtValue(0));
const weight = v.optional(v.pipe(v.number(), v.minValue(0)));
const drop = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

/** Weights of tasks. One task is drawn for each update; `joint` combines three. */
const tasks = v.pipe(
  v.strictObject(
    {
      joint: weight,
      masked_words: weight,
      masked_region_features: weight,
      masked_region_classes: weight,
      matching: weight,
      word_region_transport: weight,
      word_region_contrast: weight,
      branch_contrast: weight,
      pair_ranking: weight,
    } satisfies Record<TaskName, typeof weight>,
  ),
  v.check(
    (mix) => Object.values(mix).some((one) => one! > 0),
    "at least one task with a weight above 0",
  ),
);

/** Parameters that only these tasks use. */
function usedBy(names: readonly TaskName[], ...parameters: string[]) {
  return {
    parameters,
    by: "tasks",
    when: ({ tasks: mix }: { readonly tasks: v.InferOutput<typeof tasks> }) =>
      names.some((name) => (mix[name] ?? 0) > 0),
  };
}

const masking = [
  ...["joint", "masked_words", "masked_region_features", "masked_region_classes"] as const,
];

export const pretrain = defineStage({
  name: "pretrain",
  summary: "trains on masked words and regions, image-text matching and contrasts, mixed by weight",
  parameters: v.pipe(
    v.strictObject({
      seed,
      train: trainingSplits,
      /** Train on so many images, the first of the splits; default: all. For the effect of the amount of data. */
      train_images: trainingImages,
      /** Number of updates. */
      steps: v.optional(count, 600),
      /** Pairs of image and caption per batch. */
      pairs: v.optional(v.pipe(count, v.multipleOf(4)), 64),
      /**
       * Batches hold whole families of images (the same objects in different arrangements): pair_ranking ranks
       * within them, and every second wrong pair of matching and word_region_transport has an image of the right
       * one's family.
       */
      families: v.optional(v.boolean(), false),
      /**
       * For pair_ranking: rank in grids of so many texts and images, as many grids as `pairs` allows; default: one
       * grid. With `families`, use a multiple of their number of pictures.
       */
      grid: v.optional(v.pipe(count, v.minValue(2))),
      learning_rate: v.optional(rate, 1e-3),
      /** Updates of linear warm-up of the learning rate. */
      warmup: v.optional(natural, 50),
      tasks: v.optional(tasks, { joint: 1 }),
      /** Share of words and regions that are masked. */
      mask_rate: v.optional(v.pipe(rate, v.maxValue(1)), 0.15),
      /** Weight of the contrast in `joint`; without it, random image embeddings stay at chance level for long. */
      contrast_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
      /** Temperature of contrasts. */
      temperature: v.optional(rate, 0.05),
      /** For word_region_transport: weight of the transport next to matching. */
      transport_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 0.1),
      /** For word_region_transport: iterations of IPOT. */
      transport_iterations: v.optional(count, 50),
      /** For word_region_transport: step size of IPOT. */
      transport_beta: v.optional(rate, 0.5),
      /** Probability of dropping a channel of an image's features, in all its regions. */
      feature_drop: v.optional(drop, 0),
      /** Probability of dropping a region. */
      region_drop: v.optional(drop, 0),
      /** Initial projections of the branches: canonical correlation with the ridges below, or random. */
      warm_start: v.optional(v.picklist(["correlation", "random"]), "correlation"),
      /** Ridge of the images' covariance, as a multiple of its mean variance. */
      image_ridge: v.optional(rate, 3),
      /** Ridge of the texts' covariance, as a multiple of its mean variance. */
      text_ridge: v.optional(rate, 1),
      /** Factor of the learning rate for the branches' projections; 0 freezes them. */
      branch_factor: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
      /** Factor of the learning rate for image embeddings, which are random next to pretrained text layers; 0 freezes them. */
      image_factor: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
      /** For pair_ranking: weight of the cosines of frozen branches, to which its scores are added. */
      branch_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
      /** With `branch_weight`: wrong pictures are the most similar of this many by the branches; 0: any. */
      pool: v.optional(natural, 0),
      /** Updates between validations by the branches; 0: no validation. */
      validate_every: v.optional(natural, 0),
      validation_split: v.optional(name, "val"),
      /** Number of validation images, the first of the split. */
      validation_images: v.optional(count, 100),
      /** With validation: end with the weights that had the best sum of recalls, or with the last. */
      keep,
      /** Largest norm of the gradient. */
      clip: v.optional(rate, 2),
      weight_decay: v.optional(v.pipe(v.number(), v.minValue(0)), 0.01),
      xla,
    }),
    consistent((given, refuse) => checkValidation(given, refuse)),
    consistent(({ validate_every: every, tasks }, refuse) => {
      if (every === 0 || (tasks.branch_contrast ?? 0) > 0) return;
      refuse(
        "validate_every",
        "use 0, or add `branch_contrast` to `tasks`: validation ranks images by the branches",
      );
    }),
    consistent(({ grid, pairs, pool, tasks }, refuse) => {
      if (grid === undefined) return;
      if (!((tasks.pair_ranking ?? 0) > 0)) {
        refuse("grid", "remove it, or add `pair_ranking` to `tasks`, the only task that uses it");
      }
      const most = Math.floor(Math.sqrt(pairs));
      if (grid > most) refuse("grid", `use at most ${most}: a grid has \`grid\` x \`grid\` pairs`);
      if (pool > 0) refuse("pool", "use 0, or remove `grid`: a pool has one grid");
    }),
    consistent(({ families, pool, tasks }, refuse) => {
      if (!families) return;
      const used = ["pair_ranking", "matching", "word_region_transport"] as const;
      if (!used.some((task) => (tasks[task] ?? 0) > 0)) {
        const names = used.map((task) => `\`${task}\``).join(", ");
        refuse("families", `use false, or one of the tasks that use it: ${names}`);
      }
      if (pool > 0 && (tasks.pair_ranking ?? 0) > 0) {
        refuse(
          "pool",
          "use 0, or `families: false`: a batch has pictures of a pool or of families",
        );
      }
    }),
    consistent(({ branch_weight: weight, pool, tasks }, refuse) => {
      if (weight > 0 && !((tasks.pair_ranking ?? 0) > 0)) {
        refuse(
          "branch_weight",
          "use 0, or add `pair_ranking` to `tasks`, the only task that uses it",
        );
      }
      if (weight > 0 && (tasks.branch_contrast ?? 0) > 0) {
        const fix =
          "use 0, or remove `branch_contrast` from `tasks`: it trains the frozen branches";
        refuse("branch_weight", fix);
      }
      if (pool > 0 && weight === 0) {
        refuse("pool", "use 0, or set `branch_weight`: frozen branches choose from the pool");
      }
    }),
  ),
  applies: [
    usedBy(masking, "mask_rate"),
    usedBy(["joint"], "contrast_weight"),
    usedBy(["joint", "word_region_contrast", "branch_contrast"], "temperature"),
    usedBy(
      ["word_region_transport"],
      ...["transport_weight", "transport_iterations", "transport_beta"],
    ),
    usedBy(["branch_contrast"], "warm_start", "image_ridge", "text_ridge", "branch_factor"),
    {
      parameters: ["image_ridge", "text_ridge"],
      by: "warm_start",
      when: ({ warm_start: start }) => start === "correlation",
    },
    validationUse,
    poolUse,
  ],
  inputs: {
    features: { kinds: ["features"], summary: "images and captions to train on" },
    from: { kinds: ["model"], summary: "weights to start from" },
  },
  output: "model",
  compute: true,
  sharesProcess: true,
  memoryUse: { parameters: ["pairs"] },
  resumable: true,
  async run(context) {
    const { pretraining } = await import("./train/pretrain/run.ts");
    const { branchValidation } = await import("./evaluate/validation.ts");
    await pretraining(context, (branches) => branchValidation(context, branches));
  },
});

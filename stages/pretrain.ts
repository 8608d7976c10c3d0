import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import type { TaskName } from "./train/pretrain/task_table.ts";
import { trainingSplits, validationComplaint } from "./data/splits.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.pipe(v.number(), v.gtValue(0));
const weight = v.optional(v.pipe(v.number(), v.minValue(0)));
const drop = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

/** Task -> its weight. One is drawn for each update; `joint` is three in one. */
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
  v.check((mix) => Object.values(mix).some((one) => one! > 0), "one task with a weight above 0"),
);

export const pretrain = defineStage({
  name: "pretrain",
  summary: "trains on masked words and regions, image-text matching and contrasts, mixed by weight",
  parameters: v.pipe(
    v.strictObject({
      seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
      train: trainingSplits,
      steps: v.optional(count, 600),
      pairs: v.optional(v.pipe(count, v.multipleOf(4)), 64),
      learning_rate: v.optional(rate, 1e-3),
      warmup: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 50),
      tasks: v.optional(tasks, { joint: 1 }),
      // Of words, and of regions.
      mask_rate: v.optional(v.pipe(rate, v.maxValue(1)), 0.15),
      // Without it, fresh image embeddings stay at chance for long.
      contrast_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
      temperature: v.optional(rate, 0.05),
      // Of word_region_transport: its weight beside matching, and IPOT's iterations and step size.
      transport_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 0.1),
      transport_iterations: v.optional(count, 50),
      transport_beta: v.optional(rate, 0.5),
      // Left out while training: channels of an image's features in all its regions, whole regions.
      feature_drop: v.optional(drop, 0),
      region_drop: v.optional(drop, 0),
      // Where the branches' maps start in a model without: canonical correlation with these ridges.
      warm_start: v.optional(v.picklist(["correlation", "random"]), "correlation"),
      image_ridge: v.optional(rate, 3),
      text_ridge: v.optional(rate, 1),
      // Of the learning rate: for the branches' maps, and for the image embeddings, which start fresh
      // where text layers were taken over; 0 leaves them where they start.
      branch_factor: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
      image_factor: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
      // Of frozen branches beneath pair_ranking, which then learns on top of their cosines.
      branch_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
      // There, a text meets the likeliest of so many pictures by the branches; 0: any pictures.
      pool: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
      // Updates between two looks at held-out images, ranked by the branches; the best weights are
      // kept then. 0: never.
      validate_every: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
      validation_split: v.optional(v.pipe(v.string(), v.nonEmpty()), "val"),
      validation_images: v.optional(count, 100),
      clip: v.optional(rate, 2),
      weight_decay: v.optional(v.pipe(v.number(), v.minValue(0)), 0.01),
      // false: TensorFlow runs the recorded steps without XLA. Slower; other last bits.
      xla: v.optional(v.boolean(), true),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const message = validationComplaint(dataset.value);
      if (message === undefined) return;
      const { validate_every: value } = dataset.value;
      const path = { type: "object", origin: "value", input: dataset.value, value } as const;
      addIssue({
        message,
        input: value,
        expected: "a `validation_split` beside `train`",
        path: [{ ...path, key: "validate_every" }],
      });
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { validate_every: value, tasks } = dataset.value;
      if (value === 0 || (tasks.branch_contrast ?? 0) > 0) return;
      const path = { type: "object", origin: "value", input: dataset.value, value } as const;
      addIssue({
        message:
          "0: held-out images are ranked by the branches, and `tasks` has no `branch_contrast`",
        input: value,
        expected: "`branch_contrast` among `tasks`",
        path: [{ ...path, key: "validate_every" }],
      });
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { branch_weight: value, pool, tasks } = dataset.value;
      const complain = (key: string, value: number, message: string, expected: string) => {
        const path = { type: "object", origin: "value", input: dataset.value, key, value } as const;
        addIssue({ message, input: value, expected, path: [path] });
      };
      if (value > 0 && !((tasks.pair_ranking ?? 0) > 0)) {
        const why = "0: only `pair_ranking` learns on top of branches, and `tasks` has none";
        complain("branch_weight", value, why, "`pair_ranking` among `tasks`");
      }
      if (value > 0 && (tasks.branch_contrast ?? 0) > 0) {
        const why = "0: `branch_contrast` trains the branches, which would have to stand still";
        complain("branch_weight", value, why, "`tasks` without `branch_contrast`");
      }
      if (pool > 0 && value === 0) {
        const why = "0: frozen branches choose from it, and there are none";
        complain("pool", pool, why, "`branch_weight` above 0");
      }
    }),
  ),
  inputs: {
    features: { kinds: ["features"], summary: "images and captions to train on" },
    from: { kinds: ["model"], summary: "weights to start from" },
  },
  output: "model",
  compute: true,
  resumable: true,
  // Its own time is not measured; the sizes of its model are those of the one it starts from.
  async run(context) {
    const { pretraining } = await import("./train/pretrain/run.ts");
    const { branchValidation } = await import("./evaluate/validation.ts");
    await pretraining(context, (branches) => branchValidation(context, branches));
  },
});

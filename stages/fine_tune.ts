import * as v from "valibot";
import { defineStage } from "../pipeline/stage.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.pipe(v.number(), v.gtValue(0));

export const fineTune = defineStage({
  name: "fine_tune",
  summary: "fine-tunes for retrieval: mined hard negatives, margin ranking, relation alignment",
  parameters: v.pipe(
    v.strictObject({
      seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
      alignment: v.optional(v.picklist(["none", "singular", "distributed"]), "none"),
      // The release sums the alignment loss over the 8 micro-steps of an update and does not average.
      alignment_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 8),
      steps: v.optional(count, 400),
      micro_steps: v.optional(count, 1),
      anchors: v.optional(count, 8),
      negatives: v.optional(count, 15),
      hard_negatives: v.optional(count, 3),
      margin: v.optional(rate, 0.2),
      learning_rate: v.optional(rate, 3e-4),
      warmup: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 40),
      clip: v.optional(rate, 2),
      weight_decay: v.optional(v.pipe(v.number(), v.minValue(0)), 0.01),
      // Image-anchored pairs without alignment as the published release lays them out, by mistake:
      // some regions are hidden and some padding is seen. To reproduce its baseline.
      release_layout: v.optional(v.boolean(), false),
      // Updates between two looks at held-out images; the best weights are kept then. 0: never.
      validate_every: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
      validation_split: v.optional(v.pipe(v.string(), v.nonEmpty()), "val"),
      // The first so many images of that split, ranked with all their captions.
      validation_images: v.optional(count, 100),
      // Beside model.safetensors a model.pt, as PyTorch reads it: zip, or for PyTorch before 1.6 stream.
      pytorch_file: v.optional(v.picklist(["none", "zip", "stream"]), "none"),
      // Of the encoder's products; bfloat16 is made for GPUs, and for CPUs with xla: false.
      precision: v.optional(v.picklist(["float32", "bfloat16"]), "float32"),
      // false: TensorFlow runs the recorded steps without XLA. Slower; other last bits.
      xla: v.optional(v.boolean(), true),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { negatives, hard_negatives: hard } = dataset.value;
      if (hard <= negatives) return;
      const path = { type: "object", origin: "value", input: dataset.value, value: hard } as const;
      addIssue({
        message: `at most negatives (${negatives})`,
        input: hard,
        expected: "a smaller number",
        path: [{ ...path, key: "hard_negatives" }],
      });
    }),
  ),
  inputs: {
    features: { kinds: ["features"], summary: "images and captions to train on" },
    weights: { kinds: ["model"], summary: "weights to start from" },
  },
  output: "model",
  compute: true,
  resumable: true,
  async examine(context) {
    const { examineFineTuning } = await import("./training/examination.ts");
    const { objectiveOf } = await import("./training/fine_tuning.ts");
    const { parameters } = context;
    return await examineFineTuning(context, { ...parameters, objective: objectiveOf(parameters) });
  },
  async run(context) {
    const { fineTuning } = await import("./training/fine_tuning.ts");
    await fineTuning(context);
  },
});

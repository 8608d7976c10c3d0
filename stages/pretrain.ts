import * as v from "valibot";
import { defineStage } from "../pipeline/stage.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.pipe(v.number(), v.gtValue(0));

export const pretrain = defineStage({
  name: "pretrain",
  summary: "trains on masked words, image-text matching and word-region contrast",
  parameters: v.strictObject({
    seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
    steps: v.optional(count, 600),
    pairs: v.optional(v.pipe(count, v.multipleOf(4)), 64),
    learning_rate: v.optional(rate, 1e-3),
    warmup: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 50),
    mask_rate: v.optional(v.pipe(rate, v.maxValue(1)), 0.15),
    // Without it, fresh image embeddings stay at chance for long.
    contrast_weight: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
    temperature: v.optional(rate, 0.05),
    clip: v.optional(rate, 2),
    weight_decay: v.optional(v.pipe(v.number(), v.minValue(0)), 0.01),
    // false: TensorFlow runs the recorded steps without XLA. Slower; other last bits.
    xla: v.optional(v.boolean(), true),
  }),
  inputs: {
    features: { kinds: ["features"], summary: "images and captions to train on" },
    from: { kinds: ["model"], summary: "weights to start from" },
  },
  output: "model",
  compute: true,
  resumable: true,
  // Its own time is not measured; the sizes of its model are those of the one it starts from.
  examine: ({ inputs }) => Promise.resolve({ findings: [], facts: inputs["from"]! }),
  async run(context) {
    const { pretraining } = await import("./training/pretraining.ts");
    await pretraining(context);
  },
});

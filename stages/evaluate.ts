import * as v from "valibot";
import { defineStage } from "../pipeline/stage.ts";

export const evaluate = defineStage({
  name: "evaluate",
  summary: "ranks every caption against every image of a split; judges swapped pairs",
  parameters: v.strictObject({
    split: v.optional(v.pipe(v.string(), v.nonEmpty()), "test"),
    // cross: the ranking head on every pair; branches: cosines of the two branches; sum: the cross
    // score + branch_weight x cosine.
    scores: v.optional(v.picklist(["cross", "branches", "sum"]), "cross"),
    // Of the cosine. By default what a model was tuned with by `fine_tune` with `branch_weight`, whose
    // cross scores are then taken as they are; else 10, beside standardised cross scores.
    branch_weight: v.optional(v.pipe(v.number(), v.minValue(0))),
    // Above 0, two-stage ranking: of each text so many images, and of each image as many times its
    // texts, are chosen by the branches and ranked by the scores; all others stand below.
    shortlist: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
    // Pairs that go through the encoder together.
    block: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 256),
    // false: TensorFlow runs the recorded programs without XLA. Slower; other last bits.
    xla: v.optional(v.boolean(), true),
    // Beside the true recalls those that the published release would tell: metrics `release_…`.
    release_recall: v.optional(v.boolean(), false),
    // Of the encoder's products; bfloat16 is made for GPUs, and for CPUs with xla: false.
    precision: v.optional(v.picklist(["float32", "bfloat16"]), "float32"),
  }),
  inputs: {
    model: { kinds: ["model"], summary: "weights to evaluate" },
    features: { kinds: ["features"], summary: "images and captions to rank" },
  },
  output: "recall",
  compute: true,
  sharesProcess: true,
  resumable: true,
  async examine(context) {
    // One product of matrices: nothing worth measuring.
    if (context.parameters.scores === "branches") return { findings: [], facts: {} };
    const { examineEvaluation } = await import("./training/examination.ts");
    return await examineEvaluation(context, context.parameters);
  },
  async run(context) {
    const { evaluation } = await import("./training/evaluation.ts");
    await evaluation(context);
  },
});

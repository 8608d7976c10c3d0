import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import { name, trainingSplits, xla } from "./parameter_schemas.ts";

const ridge = v.pipe(v.number(), v.gtValue(0));

export const linearBaseline = defineStage({
  name: "linear_baseline",
  summary: "linear baseline: canonical correlation of whole pictures and sentence embeddings",
  parameters: v.strictObject({
    train: trainingSplits,
    /** Split to evaluate on. */
    split: v.optional(name, "test"),
    /** map: a picture is the mean of its feature map; views: its vector at several sizes, if available. */
    pictures: v.optional(v.picklist(["map", "views"]), "map"),
    /** Ridge of the images' covariance, as a multiple of its mean variance. */
    image_ridge: v.optional(ridge, 3),
    /** Ridge of the texts' covariance, as a multiple of its mean variance. */
    text_ridge: v.optional(ridge, 1),
    xla,
  }),
  inputs: {
    features: { kinds: ["features"], summary: "pictures and captions" },
    text: { kinds: ["model"], summary: "the model whose text layers embed sentences" },
  },
  output: "recall",
  compute: true,
  resumable: false,
  async run(context) {
    const { linearBaseline } = await import("./evaluate/linear_baseline.ts");
    await linearBaseline(context);
  },
});

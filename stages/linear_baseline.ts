import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import { trainingSplits } from "./data/splits.ts";

const ridge = v.pipe(v.number(), v.gtValue(0));

export const linearBaseline = defineStage({
  name: "linear_baseline",
  summary: "a linear yardstick: canonical correlation of whole pictures and sentence embeddings",
  parameters: v.strictObject({
    train: trainingSplits,
    /** It is evaluated on. */
    split: v.optional(v.pipe(v.string(), v.nonEmpty()), "test"),
    /** map: pictures are the mean of their map; views: what several looks gave, where features have it. */
    pictures: v.optional(v.picklist(["map", "views"]), "map"),
    /** Added to each variance, as multiples of their mean. */
    image_ridge: v.optional(ridge, 3),
    text_ridge: v.optional(ridge, 1),
    xla: v.optional(v.boolean(), true),
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

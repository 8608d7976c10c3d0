import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000));

export const makeScenes = defineStage({
  name: "make_scenes",
  summary: "renders pictures of objects in relations, with captions and swapped pairs",
  parameters: v.strictObject({
    seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
    // Images of the training split.
    images: v.optional(v.pipe(count, v.minValue(2)), 1200),
    val_images: v.optional(count, 60),
    test_images: v.optional(v.pipe(count, v.minValue(1)), 100),
    swap_pairs: v.optional(count, 60),
    captions: v.optional(v.pipe(count, v.minValue(1), v.maxValue(20)), 5),
  }),
  inputs: {},
  output: "scenes",
  compute: false,
  permissions: { native: true },
  resumable: false,
  async run(context) {
    const { writeScenes } = await import("./vision/scenes/write_scenes.ts");
    await writeScenes(context);
  },
});

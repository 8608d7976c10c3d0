import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import { natural, seed } from "./parameter_schemas.ts";

const images = v.pipe(natural, v.maxValue(1_000_000));

export const makeScenes = defineStage({
  name: "make_scenes",
  summary: "renders pictures of related objects, with captions and swapped pairs",
  parameters: v.strictObject({
    seed,
    /** Images of the training split. */
    images: v.optional(v.pipe(images, v.minValue(2)), 1200),
    val_images: v.optional(images, 60),
    test_images: v.optional(v.pipe(images, v.minValue(1)), 100),
    /** Pairs of images whose captions differ only in word order. */
    swap_pairs: v.optional(images, 60),
    /** Captions per image. */
    captions: v.optional(v.pipe(images, v.minValue(1), v.maxValue(20)), 5),
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

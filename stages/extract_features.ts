import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";

export const extractFeatures = defineStage({
  name: "extract_features",
  summary: "finds regions in pictures, describes them, and tokenises captions",
  parameters: v.strictObject({
    /** objects: areas of one colour that differ from the background. */
    regions: v.optional(v.picklist(["objects"]), "objects"),
    /** Largest number of regions per picture. */
    max_regions: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 12),
  }),
  inputs: {
    from: { kinds: ["scenes"], summary: "pictures with captions" },
  },
  output: "features",
  compute: false,
  permissions: { native: true },
  resumable: false,
  async run(context) {
    const { writeFeatures } = await import("./vision/objects/object_features.ts");
    await writeFeatures(context);
  },
});

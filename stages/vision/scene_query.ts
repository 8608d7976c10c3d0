import { Complaint } from "../../pipeline/contract/complaint.ts";
import { readSafetensors } from "../data/safetensors.ts";
import { boxNumbers } from "./box_numbers.ts";
import { describeRegion } from "./descriptors.ts";
import { decodePicture } from "./pixels.ts";
import { findRegions } from "./regions.ts";
import { standardise } from "./standardisation.ts";

/** The regions of a picture that is not among the data, on the scale of features that are. */
export async function describeScene(
  path: string,
  { folder, parameters }: { folder: string; parameters: Readonly<Record<string, unknown>> },
): Promise<{ features: Float32Array; boxes: Float32Array }> {
  const stored = await readSafetensors(`${folder}/regions.safetensors`);
  const scale = {
    mean: stored.get("feature_mean")!.data as Float32Array,
    deviation: stored.get("feature_deviation")!.data as Float32Array,
  };
  const pixels = await decodePicture(path);
  const regions = findRegions(pixels, { maxRegions: parameters["max_regions"] as number });
  if (regions.length === 0) {
    throw new Complaint("no region was found in the picture", "ask with a picture of objects", {
      place: { file: path },
    });
  }
  return {
    features: standardise(regions.map((region) => describeRegion(pixels, region)), scale),
    boxes: Float32Array.from(regions.flatMap(({ box }) => boxNumbers(box, pixels))),
  };
}

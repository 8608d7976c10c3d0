/** Whole pictures as one vector each: what branches and the linear yardstick look at. */
import type { FeatureSet, FeaturesPlace } from "./feature_set.ts";
import { readSafetensors } from "./formats/safetensors.ts";

/** Vector of an image, `featureDim` wide. @param image place in `FeatureSet.images` */
export type PictureVectors = (image: number) => Float32Array;

/** What stands for a whole picture. */
export type PictureKind = "views" | "map";

/**
 * views: what several looks at a picture gave, where the features have that; else as map: the mean of
 * its map, or of its regions where the features have no such mean.
 */
export async function pictureVectors(
  { folder }: Pick<FeaturesPlace, "folder">,
  set: FeatureSet,
  kind: PictureKind = "views",
): Promise<PictureVectors> {
  const dim = set.featureDim;
  const stored = await readSafetensors(`${folder}/regions.safetensors`).catch(() => undefined);
  for (const name of kind === "views" ? ["views", "pictures"] : ["pictures"]) {
    const rows = stored?.get(name)?.data;
    if (rows instanceof Float32Array && rows.length === set.images.length * dim) {
      return (image) => rows.subarray(image * dim, (image + 1) * dim);
    }
  }
  return (image) => meanOfRegions(set, image);
}

export function meanOfRegions(
  { featureDim: dim, regions }: Pick<FeatureSet, "featureDim" | "regions">,
  image: number,
): Float32Array {
  const { features } = regions.read(image);
  const count = features.length / dim;
  const mean = new Float32Array(dim);
  for (let i = 0; i < features.length; i++) mean[i % dim]! += features[i]! / count;
  return mean;
}

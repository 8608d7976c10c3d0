/** One vector per image: the input of the branches (one encoder per modality) and of the linear baseline. */
import type { FeatureSet, FeaturesPlace } from "./feature_set.ts";
import { readSafetensors } from "./formats/safetensors.ts";

/** The vector of an image, [featureDim]. @param image index in `FeatureSet.images` */
export type PictureVectors = (image: number) => Float32Array;

/** Source of an image's vector; see `pictureVectors`. */
export type PictureKind = "views" | "map";

/**
 * `views`: the tensor `views`, computed from the image at several sizes, if the features have it; otherwise as
 * `map`: the mean of the backbone's feature map (tensor `pictures`), or of the regions if there is none.
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

/** The mean of an image's region features, [featureDim]. */
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

/**
 * Wrong pictures: for each caption a picture that it is not true of, to measure with how a distance is
 * when words and regions do not belong together. A distance depends on the number of regions, so the
 * wrong picture has as many as the caption's own. Where a picture belongs to a family (the same objects,
 * arranged otherwise), the wrong one is of that family: only the relations differ.
 *
 * No random number decides: of these pictures it is the next one after the caption's own, in the order
 * of the features and from the last to the first, that the caption is not true of.
 */
import type { FeatureSet } from "../data/feature_set.ts";
import { isTrueOf, type SplitIndex } from "../batch/split_index.ts";

/**
 * @param texts rows of the captions
 * @returns rows of images, one per caption; undefined where there is no such picture
 */
export function wrongPictures(
  { images }: Pick<FeatureSet, "images">,
  index: SplitIndex,
  { texts }: { readonly texts: readonly number[] },
): (number | undefined)[] {
  const comparable = (image: number) => {
    const { family, regions } = images[index.images[image]!]!;
    return JSON.stringify([family ?? null, regions]);
  };
  const groups = Map.groupBy(index.images.keys(), comparable);
  const places = new Map(
    [...groups.values()].flatMap((group) => [...group.entries()])
      .map(([place, image]) => [image, place]),
  );
  return texts.map((text) => {
    const own = index.imageOfText[text]!;
    const group = groups.get(comparable(own))!;
    for (let step = 1; step < group.length; step++) {
      const image = group[(places.get(own)! + step) % group.length]!;
      if (!isTrueOf(index, text, image)) return image;
    }
    return undefined;
  });
}

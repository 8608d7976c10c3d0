/** Images and captions of every length, with numbers from bits that no backend has a hand in. */
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import type { FeatureImage, FeatureSet } from "../../stages/data/feature_set.ts";
import { type RegionSource, regionTables } from "../../stages/data/region_source.ts";

/**
 * Seven images of 1 to 4 regions, or of `counts`, with two captions of 1 to 4 words each, or `longer`
 * times as many; the second is of split test. With `stored`, features are multiples of 1/64, which float16
 * represents, and stored in that type.
 */
export function smallFeatures(
  { featureDim, vocabulary, counts = [2, 3, 1, 4, 2, 1, 3], longer = 1, stored }: {
    readonly featureDim: number;
    readonly vocabulary: number;
    readonly counts?: readonly number[];
    readonly longer?: number;
    readonly stored?: "float16" | "float32";
  },
): FeatureSet {
  const random = randomStream(3);
  let offset = 0;
  const images = counts.map((regions, place) => {
    offset += regions;
    const split = place === 1 ? "test" : "train";
    return { id: `i${place}`, split, regions, offset: offset - regions };
  });
  const numbers = (width: number) =>
    Float32Array.from({ length: offset * width }, (_, i) => random.fork(width).normal(i));
  const captions = images.flatMap(({ split }, image) =>
    [0, 1].map((k) => ({
      id: `c${image}_${k}`,
      image,
      split,
      text: "",
      tokens: Array.from(
        { length: longer * (1 + (image + k) % 4) },
        (_, place) => 5 + (2 * image + k + place) % 15,
      ),
    }))
  );
  const features = numbers(featureDim).map((x) =>
    stored === undefined ? x : Math.round(x * 64) / 64
  );
  const floats = regionTables({ features, boxes: numbers(7), featureDim }, images);
  const regions = stored === "float16" ? inHalves(floats) : floats;
  return {
    images,
    captions,
    regions,
    featureDim,
    vocabulary: { size: vocabulary, pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 },
    pairs: [],
    [Symbol.dispose]() {},
  };
}

function inHalves(source: RegionSource): RegionSource {
  return {
    ...source,
    readHalves(image) {
      const { features, boxes } = source.read(image);
      return { features: new Uint16Array(Float16Array.from(features).buffer), boxes };
    },
  };
}

/** Pictures with one caption each, which has its place; for what reads neither regions nor words. */
export function captionedPictures(
  pictures: readonly (Partial<FeatureImage> & { readonly split: string })[],
): FeatureSet {
  return {
    ...smallFeatures({ featureDim: 2, vocabulary: 20 }),
    images: pictures.map((picture, place) => ({ id: `i${place}`, regions: 1, ...picture })),
    captions: pictures.map(({ split }, image) => ({
      id: `c${image}`,
      image,
      split,
      text: "",
      tokens: [5],
    })),
  };
}

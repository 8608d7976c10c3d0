/** Describes photos: pools the backbone's feature map to one vector per region. */
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../tensorflow/programs/compile.ts";
import {
  backboneMap,
  backboneStride,
  type BackboneTensors,
  backboneWidth,
  type Convolutions,
} from "../vision/efficientnet.ts";
import type { Box, RgbPicture } from "../vision/picture.ts";
import { roiWeights } from "../vision/roi_align.ts";
import type { PictureNetwork } from "./picture_network.ts";

/** A photo and its regions. */
export interface LocatedPhoto {
  readonly picture: RgbPicture;
  readonly boxes: readonly Box[];
}

export interface DescribedPhoto {
  /** float32 [region, 1280]. */
  readonly features: Float32Array;
  /** float32 [1280]: the mean over the map. */
  readonly mean: Float32Array;
}

export interface PhotoDescriber extends Disposable {
  /** At most `batch` photos, all of `side` x `side` pixels. */
  describe(photos: readonly LocatedPhoto[]): Promise<DescribedPhoto[]>;
}

/**
 * Incomplete batches are padded, so there is only one program and a photo's result does not depend on the
 * number of photos in its batch.
 *
 * @param options.side pixels per side of the photos
 * @param options.most largest number of regions per photo
 */
export function photoDescriber(
  { compute, tensors, convolutions, compiling }: PictureNetwork,
  { side, most, batch }: {
    readonly side: number;
    readonly most: number;
    readonly batch: number;
  },
): PhotoDescriber {
  const cells = side / backboneStride;
  const program = compile(compute, (batch: Batch) => describeBatch(batch, convolutions), {
    name: "describe_photos",
    ...compiling,
  });
  return {
    async describe(photos) {
      const pixels = new Float32Array(batch * side * side * 3);
      const weights = new Float32Array(batch * most * cells * cells);
      photos.forEach(({ picture, boxes }, place) => {
        pixels.set(picture.pixels, place * side * side * 3);
        const perPhoto = most * cells * cells;
        const own = weights.subarray(place * perPhoto, (place + 1) * perPhoto);
        roiWeights(boxes, { rows: cells, columns: cells }, own);
      });
      const pictures = tf.tensor4d(pixels, [batch, side, side, 3]);
      const pooling = tf.tensor3d(weights, [batch, most, cells * cells]);
      const made = program.elsewhere({ tensors, pictures, pooling });
      tf.dispose([pictures, pooling]);
      const { features, means } = await made;
      const [rows, wholes] = await Promise.all([features.data(), means.data()]);
      tf.dispose([features, means]);
      return photos.map(({ boxes }, place) => {
        const from = place * most * backboneWidth;
        return {
          features: (rows as Float32Array).slice(from, from + boxes.length * backboneWidth),
          mean: (wholes as Float32Array).slice(place * backboneWidth, (place + 1) * backboneWidth),
        };
      });
    },
    [Symbol.dispose]: () => program[Symbol.dispose](),
  };
}

interface Batch {
  readonly [name: string]: BackboneTensors | tf.Tensor;
  readonly tensors: BackboneTensors;
  /** float32 [picture, height, width, 3]. */
  readonly pictures: tf.Tensor;
  /** float32 [picture, region, cell]. */
  readonly pooling: tf.Tensor;
}

/** features: float32 [picture, region, 1280]; means: float32 [picture, 1280]. */
function describeBatch({ tensors, pictures, pooling }: Batch, convolutions: Convolutions) {
  const map = backboneMap(tensors, pictures as tf.Tensor4D, convolutions);
  const [count, rows, columns] = map.shape;
  const flat = tf.reshape(map, [count, rows * columns, backboneWidth]);
  return { features: tf.matMul(pooling, flat), means: tf.mean(flat, 1) };
}

/**
 * A whole photo as one vector, from several looks at it at different sizes: objects of different sizes
 * are seen best at different scales. Roots keep the few strongest channels from drowning the others.
 */
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../tensorflow/programs/compile.ts";
import { backboneMap, type BackboneTensors, backboneWidth } from "../vision/efficientnet.ts";
import type { RgbPicture } from "../vision/picture.ts";
import type { PictureNetwork } from "./picture_network.ts";

/** A photo, described at the side of its regions and decoded at the others. */
export interface LookedAt {
  /** float32 [1280]: the mean of the map at `side`. */
  readonly mean: Float32Array;
  /** At `others`. */
  readonly looks: readonly RgbPicture[];
}

export interface PhotoViews extends Disposable {
  /** Without any, whole photos have no vector from here. */
  readonly sides: readonly number[];
  /** Those that are not the regions' own. */
  readonly others: readonly number[];
  /**
   * float32 [1280] per photo: the mean over sides of the root of a map's mean.
   *
   * @param photos at most `batch`
   */
  describe(photos: readonly LookedAt[]): Promise<Float32Array[]>;
}

/**
 * As `photoDescriber`, one program per side for batches that are always full.
 *
 * @param options.side of the maps that regions are pooled from: their means are given
 */
export function photoViews(
  { compute, tensors, xla }: PictureNetwork,
  { sides, side: own, batch }: {
    readonly sides: readonly number[];
    readonly side: number;
    readonly batch: number;
  },
): PhotoViews {
  const programs = sides.filter((side) => side !== own).map((side) => ({
    side,
    program: compile(compute, lookAt, { name: `look_at_photos_${side}`, xla }),
  }));
  return {
    sides,
    others: programs.map(({ side }) => side),
    async describe(photos) {
      const sums = photos.map(({ mean }) =>
        sides.includes(own) ? mean.map(Math.sqrt) : new Float32Array(backboneWidth)
      );
      for (const [place, { side, program }] of programs.entries()) {
        const pixels = new Float32Array(batch * side * side * 3);
        photos.forEach(({ looks }, k) => pixels.set(looks[place]!.pixels, k * side * side * 3));
        const pictures = tf.tensor4d(pixels, [batch, side, side, 3]);
        const { roots } = program({ tensors, pictures });
        const rows = await roots.data<"float32">();
        tf.dispose([pictures, roots]);
        sums.forEach((sum, k) => sum.forEach((_, i) => sum[i]! += rows[k * backboneWidth + i]!));
      }
      return sums.map((sum) => sum.map((value) => value / sides.length));
    },
    [Symbol.dispose]: () => programs.forEach(({ program }) => program[Symbol.dispose]()),
  };
}

interface Look {
  readonly [name: string]: BackboneTensors | tf.Tensor;
  readonly tensors: BackboneTensors;
  /** float32 [picture, height, width, 3]. */
  readonly pictures: tf.Tensor;
}

/** roots: float32 [picture, 1280]. */
function lookAt({ tensors, pictures }: Look) {
  return { roots: tf.sqrt(tf.mean(backboneMap(tensors, pictures as tf.Tensor4D), [1, 2])) };
}

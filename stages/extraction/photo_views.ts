/**
 * Describes a whole photo as one vector, computed at several sizes of the photo, because objects of different
 * sizes are recognised best at different scales. Square roots keep the strongest channels from dominating.
 */
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../tensorflow/programs/compile.ts";
import {
  backboneMap,
  type BackboneTensors,
  backboneWidth,
  type Convolutions,
} from "../vision/efficientnet.ts";
import type { RgbPicture } from "../vision/picture.ts";
import type { PictureNetwork } from "./picture_network.ts";

/** A photo, described at the size of its regions and decoded at the others. */
export interface LookedAt {
  /** float32 [1280]: the mean of the map at `side`. */
  readonly mean: Float32Array;
  /** The photo at the sizes of `others`. */
  readonly looks: readonly RgbPicture[];
}

export interface PhotoViews extends Disposable {
  /** All sizes, in pixels; if empty, no vectors are computed. */
  readonly sides: readonly number[];
  /** The sizes other than that of the regions. */
  readonly others: readonly number[];
  /**
   * float32 [1280] per photo: the mean over sizes of the square root of the map's mean.
   *
   * @param photos at most `batch`
   */
  describe(photos: readonly LookedAt[]): Promise<Float32Array[]>;
}

/**
 * Like `photoDescriber`, with one program per size and padded batches.
 *
 * @param options.side size of the maps from which regions are pooled; their means are reused
 */
export function photoViews(
  { compute, tensors, convolutions, compiling }: PictureNetwork,
  { sides, side: own, batch }: {
    readonly sides: readonly number[];
    readonly side: number;
    readonly batch: number;
  },
): PhotoViews {
  const programs = sides.filter((side) => side !== own).map((side) => ({
    side,
    program: compile(compute, (look: Look) => lookAt(look, convolutions), {
      name: `look_at_photos_${side}`,
      ...compiling,
    }),
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
        const made = program.elsewhere({ tensors, pictures });
        pictures.dispose();
        const { roots } = await made;
        const rows = await roots.data<"float32">();
        roots.dispose();
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
function lookAt({ tensors, pictures }: Look, convolutions: Convolutions) {
  const map = backboneMap(tensors, pictures as tf.Tensor4D, convolutions);
  return { roots: tf.sqrt(tf.mean(map, [1, 2])) };
}

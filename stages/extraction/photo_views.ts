/**
 * A whole photo as one vector, from several looks at it: at each of some sizes, as it is and mirrored.
 * Objects of different sizes are seen best at different scales, and what a mirror changes says nothing
 * about what is shown. Roots keep the few strongest channels from drowning the others.
 */
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../tensorflow/compile.ts";
import { backboneMap, type BackboneTensors, backboneWidth } from "../vision/efficientnet.ts";
import type { RgbPicture } from "../vision/picture.ts";
import type { PictureNetwork } from "./picture_network.ts";

export interface PhotoViews extends Disposable {
  /** Pixels each way, in the order in which a photo's pictures come. */
  readonly sides: readonly number[];
  /**
   * float32 [1280] per photo: the mean over looks of the root of a map's mean.
   *
   * @param photos at most `batch`, a picture of each side for each
   */
  describe(photos: readonly (readonly RgbPicture[])[]): Promise<Float32Array[]>;
}

/** As `photoDescriber`, one program per side for batches that are always full. */
export function photoViews(
  { compute, tensors, xla }: PictureNetwork,
  { sides, batch }: { readonly sides: readonly number[]; readonly batch: number },
): PhotoViews {
  const programs = sides.map((side) => ({
    side,
    program: compile(compute, lookBothWays, { name: `look_at_photos_${side}`, xla }),
  }));
  return {
    sides,
    async describe(photos) {
      const sums = photos.map(() => new Float32Array(backboneWidth));
      for (const [place, { side, program }] of programs.entries()) {
        const pixels = new Float32Array(batch * side * side * 3);
        photos.forEach((looks, photo) => pixels.set(looks[place]!.pixels, photo * side * side * 3));
        const pictures = tf.tensor4d(pixels, [batch, side, side, 3]);
        const { roots } = program({ tensors, pictures });
        const rows = await roots.data<"float32">();
        tf.dispose([pictures, roots]);
        sums.forEach((sum, photo) =>
          sum.forEach((before, i) =>
            sum[i] = before + rows[photo * backboneWidth + i]! / sides.length
          )
        );
      }
      return sums;
    },
    [Symbol.dispose]: () => programs.forEach(({ program }) => program[Symbol.dispose]()),
  };
}

interface Looks {
  readonly [name: string]: BackboneTensors | tf.Tensor;
  readonly tensors: BackboneTensors;
  /** float32 [picture, height, width, 3]. */
  readonly pictures: tf.Tensor;
}

/** roots: float32 [picture, 1280]. */
function lookBothWays({ tensors, pictures }: Looks) {
  const straight = pictures as tf.Tensor4D;
  const root = (seen: tf.Tensor4D) => tf.sqrt(tf.mean(backboneMap(tensors, seen), [1, 2]));
  return { roots: tf.div(tf.add(root(straight), root(tf.reverse(straight, 2))), 2) };
}

/**
 * Frozen branches whose cosines are added to the cross-encoder's scores, so that the cross-encoder
 * learns what they do not know:
 *
 *     score(text, image) = cross(text, image) + weight cosine(text, image)
 *
 * Texts are encoded once, before training. Pictures are mapped in each step, because training drops
 * channels of their features: branches that have memorized a small training split would otherwise
 * leave nothing to learn. The cosines can also choose negatives: wrong answers that the branches find
 * likely teach most (ALBEF, arXiv 2107.07651, section 3.2).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { PictureVectors } from "../data/picture_vectors.ts";
import type { Axes } from "../model/axes.ts";
import { branchWeights, pictureVectors, sentenceVectors } from "../model/branches.ts";
import { dropChannels } from "../model/feature_drop.ts";
import type { DeviceRandom } from "../model/keyed_random.ts";
import type { Model } from "../model/checkpoint/model_artifact.ts";
import { weightsOnDevice } from "../model/weights.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { matrixOf } from "./branches.ts";
import type { Cosine } from "../batch/sampling.ts";
import type { SplitIndex } from "../batch/split_index.ts";
import { sentenceEmbeddings, type SentenceOptions } from "./sentence_embeddings.ts";

/** What steps read in addition to the tables of `pictureTable`. */
export interface BranchTables {
  readonly [name: string]: tf.Tensor;
  /** Unit vectors. */
  readonly branchTexts: Axes<"text common">;
  readonly "branch_image.weight": tf.Tensor;
  readonly "branch_image.bias": tf.Tensor;
}

export interface FrozenBranches {
  readonly tables: BranchTables;
  /** Computed on the host from whole pictures, for choosing negatives. */
  readonly cosine: Cosine;
}

export interface FrozenBranchOptions extends SentenceOptions {
  readonly index: Pick<SplitIndex, "captions" | "images">;
  readonly pictures: PictureVectors;
}

export async function frozenBranches(
  compute: Compute,
  { config, weights: stored }: Model,
  { index, pictures, ...options }: FrozenBranchOptions,
): Promise<FrozenBranches> {
  const weights = branchWeights(stored);
  const means = await sentenceEmbeddings(compute, { config, weights }, index, options);
  const named = (branch: string) => [`${branch}.weight`, `${branch}.bias`];
  const [text, image] = ["branch_text", "branch_image"].map((branch) =>
    weightsOnDevice(weights, named(branch))
  );
  const branchTexts = tf.tidy(() => sentenceVectors(text!, matrixOf(means)));
  const seen = tf.tidy(() =>
    pictureVectors(image!, matrixOf(index.images.map((row) => pictures(row))))
  );
  const [texts, images] = [branchTexts, seen].map((rows) => rows.dataSync<"float32">());
  const common = branchTexts.shape[1]!;
  tf.dispose([text!, seen]);
  return {
    tables: { branchTexts, ...image } as unknown as BranchTables,
    cosine(row, column) {
      let sum = 0;
      for (let i = 0; i < common; i++) {
        sum += texts![row * common + i]! * images![column * common + i]!;
      }
      return sum;
    },
  };
}

export interface BranchRows {
  /** int32, rows of the tables. */
  readonly texts: tf.Tensor;
  readonly images: tf.Tensor;
}

/** The vectors of texts and pictures within a step; with `random`, channels of pictures are dropped. */
export function branchVectors(
  tables: Readonly<Record<string, tf.Tensor>>,
  { texts, images }: BranchRows,
  { drop = 0, random }: {
    readonly drop?: number | undefined;
    readonly random?: DeviceRandom | undefined;
  } = {},
): { readonly texts: Axes<"text common">; readonly pictures: Axes<"image common"> } {
  const whole = tf.gather(tables["pictures"]!, images);
  const seen = random === undefined ? whole : dropChannels(whole, {
    rate: drop,
    random: random.fork("channels"),
    centre: tables["pictureMean"]!,
  });
  return {
    texts: tf.gather(tables["branchTexts"]!, texts),
    pictures: pictureVectors(tables, seen),
  };
}

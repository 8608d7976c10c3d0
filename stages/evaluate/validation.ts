/** Recall on held-out images while training goes on, and the best weights so far. */
import type * as tf from "@tensorflow/tfjs-core";
import type { StageContext } from "../../pipeline/contract/stage.ts";
import type { FeatureSet } from "../data/feature_set.ts";
import type { PictureVectors } from "../data/picture_vectors.ts";
import {
  readSafetensors,
  type WritableTensor,
  writeSafetensors,
} from "../data/formats/safetensors.ts";
import { rankQueries, recallMetrics } from "../metric/recall.ts";
import type { Configuration } from "../model/configuration.ts";
import type { HostWeights } from "../model/initial_weights.ts";
import type { Precision } from "../model/matrix_product.ts";
import type { Weights } from "../model/weights.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { branchCosines } from "../score/branches.ts";
import { firstImages, indexSplit } from "../batch/pair_tables.ts";
import { scoreGrid } from "../score/grid.ts";
import { yieldToEvents } from "../train/yield_to_events.ts";

export interface ValidationParameters {
  /** Updates between two validations; 0: never. */
  readonly validate_every: number;
  readonly validation_split: string;
  /** The first so many images of the split, with all their captions. */
  readonly validation_images: number;
  readonly xla: boolean;
  readonly precision: Precision;
}

export interface Validation {
  readonly every: number;
  /** Recalls as in table `validation`. */
  run(weights: Weights): Promise<Readonly<Record<string, number>>>;
}

/** Pairs that go through the encoder together. */
const block = 256;

/** @throws {Complaint} at once when the split is not there, not after hours */
export function validation(
  { signal }: Pick<StageContext<unknown>, "signal">,
  compute: Compute,
  config: Configuration,
  set: FeatureSet,
  { validate_every: every, validation_split: split, validation_images: count, ...options }:
    ValidationParameters,
): Validation | undefined {
  if (every === 0) return undefined;
  const index = firstImages(indexSplit(set, split), count);
  const { length: texts } = index.captions;
  const { length: images } = index.images;
  return {
    every,
    async run(weights) {
      const after = async () => {
        await yieldToEvents();
        signal.throwIfAborted();
      };
      const scores = await scoreGrid(compute, config, {
        set,
        index,
        weights,
        block,
        xla: options.xla,
        precision: options.precision,
        after,
      });
      return recallMetrics(rankQueries({ scores, texts, images, imageOfText: index.imageOfText }));
    },
  };
}

/** As `validation`, by the cosines of the branches instead of the ranking head. */
export function branchValidation(
  { signal }: Pick<StageContext<unknown>, "signal">,
  compute: Compute,
  config: Configuration,
  { set, pictures }: { readonly set: FeatureSet; readonly pictures: PictureVectors },
  { validate_every: every, validation_split: split, validation_images: count, xla }: Omit<
    ValidationParameters,
    "precision"
  >,
): Validation | undefined {
  if (every === 0) return undefined;
  const index = firstImages(indexSplit(set, split), count);
  const { captions: { length: texts }, images: { length: images }, imageOfText } = index;
  return {
    every,
    async run(weights) {
      const after = async () => {
        await yieldToEvents();
        signal.throwIfAborted();
      };
      const options = { set, index, pictures, weights, xla, after };
      const scores = await branchCosines(compute, config, options);
      return recallMetrics(rankQueries({ scores, texts, images, imageOfText }));
    },
  };
}

/**
 * The weights with the highest sum of recalls, of equal ones the first; in a file, so that they
 * outlive a kill.
 */
export class BestWeights {
  #path: string;
  #best: { readonly step: number; readonly rsum: number } | undefined;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param updates of the state that training goes on from: what was best later is found again
   * @throws {Complaint} when the file is there and cannot be read
   */
  static async open(folder: string, updates: number): Promise<BestWeights> {
    const best = new BestWeights(`${folder}/best.safetensors`);
    const there = await Deno.stat(best.#path).then(() => true, () => false);
    if (!there || updates === 0) return best;
    const tensors = await readSafetensors(best.#path);
    const step = Number(tensors.get("step")?.data[0]);
    const rsum = Number(tensors.get("rsum")?.data[0]);
    if (step <= updates) best.#best = { step, rsum };
    return best;
  }

  /** Step of the best weights so far. */
  get step(): number | undefined {
    return this.#best?.step;
  }

  async offer(
    { step, rsum, weights }: {
      readonly step: number;
      readonly rsum: number;
      readonly weights: Weights;
    },
  ): Promise<void> {
    const rounded = Math.fround(rsum);
    if (this.#best !== undefined && rounded <= this.#best.rsum) return;
    const tensors = Object.entries(weights).map(([name, tensor]: [string, tf.Tensor]) =>
      [`weights/${name}`, {
        shape: tensor.shape,
        dtype: "F32" as const,
        data: tensor.dataSync<"float32">(),
      }] as const
    );
    await writeSafetensors(
      this.#path,
      new Map<string, WritableTensor>([
        ...tensors,
        ["step", { shape: [1], dtype: "I32", data: Int32Array.of(step) }],
        ["rsum", { shape: [1], dtype: "F32", data: Float32Array.of(rounded) }],
      ]),
    );
    this.#best = { step, rsum: rounded };
  }

  /** By name; only what is trained. */
  async read(): Promise<HostWeights> {
    const tensors = await readSafetensors(this.#path);
    return Object.fromEntries(
      [...tensors].filter(([name]) => name.startsWith("weights/")).map(([name, tensor]) => [
        name.slice("weights/".length),
        { shape: tensor.shape, values: tensor.data as Float32Array },
      ]),
    );
  }
}

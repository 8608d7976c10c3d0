/** Validation during training, and the best weights so far. */
import type * as tf from "@tensorflow/tfjs-core";
import {
  readSafetensors,
  type WritableTensor,
  writeSafetensors,
} from "../data/formats/safetensors.ts";
import type { HostWeights, Weights } from "../model/weights.ts";

/** Recall on held-out images. The stage passes it in, so that training does not import evaluation. */
export interface Validation {
  /** Updates between two validations. */
  readonly every: number;
  /** Whether the best weights are the result, or, whatever validations say, the last. */
  readonly keep: "best" | "last";
  /** Recalls as in table `validation`. */
  run(weights: Weights): Promise<Readonly<Record<string, number>>>;
}

/**
 * The weights with the highest sum of recalls, the first of equal ones. They are kept in a file, so
 * that they survive if the process is killed.
 */
export class BestWeights {
  #path: string;
  #best: { readonly step: number; readonly rsum: number } | undefined;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param updates of the state that training continues from; best weights of later updates are
   * ignored, since training finds them again
   * @throws {Complaint} if the file exists and cannot be read
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

  /** The update after which the best weights so far were saved. */
  get step(): number | undefined {
    return this.#best?.step;
  }

  /** Keeps these weights if they are better than the best so far. */
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

  /** The trained weights by name. */
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

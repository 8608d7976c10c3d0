/**
 * What training changes: the trained weights and the optimiser's moments, on the device, and the
 * number of updates so far. A state that is saved and loaded continues with the same bits.
 */
import * as tf from "@tensorflow/tfjs-core";
import { readSafetensors, writeSafetensors } from "../data/formats/safetensors.ts";
import { weight, type Weights } from "../model/weights.ts";
import type { AdamwState } from "./adamw.ts";

export class TrainingState {
  #tensors: AdamwState;
  #updates: number;

  private constructor(tensors: AdamwState, updates: number) {
    this.#tensors = tensors;
    this.#updates = updates;
  }

  /** @param weights the trained tensors; the state now owns them */
  static fresh(weights: Weights): TrainingState {
    return new TrainingState({ weights, first: zerosLike(weights), second: zerosLike(weights) }, 0);
  }

  /**
   * @param names the trained tensors in the order of a fresh state. Programs are recorded in this
   * order, and the last bits of sums over all tensors (the joint norm of the gradients) depend on it.
   */
  static async load(path: string, names: readonly string[]): Promise<TrainingState> {
    const all = Object.fromEntries(await readSafetensors(path));
    const part = (name: string) =>
      Object.fromEntries(names.map((tensor) => {
        const { shape, data } = weight(all, `${name}/${tensor}`);
        return [tensor, tf.tensor(data as Float32Array, shape, "float32")];
      }));
    const updates = weight(all, "updates").data[0];
    return new TrainingState(
      { weights: part("weights"), first: part("first"), second: part("second") },
      Number(updates),
    );
  }

  /** Writes a new file and renames it, so that a kill leaves either the old file or the new one. */
  async save(path: string): Promise<void> {
    const stored = new Map<
      string,
      { shape: number[]; dtype: "F32" | "I32"; data: Float32Array | Int32Array }
    >();
    for (const [part, tensors] of Object.entries(this.#tensors)) {
      for (const [name, tensor] of Object.entries(tensors as Weights)) {
        const data = tensor.dataSync<"float32">();
        stored.set(`${part}/${name}`, { shape: tensor.shape, dtype: "F32", data });
      }
    }
    stored.set("updates", { shape: [1], dtype: "I32", data: Int32Array.of(this.#updates) });
    await writeSafetensors(path, stored);
  }

  get tensors(): AdamwState {
    return this.#tensors;
  }

  /** Number of updates so far. */
  get updates(): number {
    return this.#updates;
  }

  /** Takes the tensors after one more update, and frees those before it. */
  advance(next: AdamwState): void {
    tf.dispose([this.#tensors.weights, this.#tensors.first, this.#tensors.second]);
    this.#tensors = next;
    this.#updates++;
  }

  [Symbol.dispose](): void {
    tf.dispose([this.#tensors.weights, this.#tensors.first, this.#tensors.second]);
  }
}

export function zerosLike(weights: Weights): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, tensor]) => [name, tf.zeros(tensor.shape)]),
  );
}

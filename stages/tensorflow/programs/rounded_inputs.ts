/** Inputs of a program, rounded to bfloat16 on the device. */
import { TF_BFLOAT16, TF_FLOAT } from "../runtime/data_types.ts";
import type { EagerContext } from "../runtime/eager.ts";
import { typeAttribute } from "../runtime/op_attributes.ts";

/** Keeps what it rounded for the last call, since most inputs of the next one are the same tensors. */
export class RoundedInputs {
  #eager: Pick<EagerContext, "execute" | "deleteTensor">;
  #places: readonly number[];
  /** Ids of rounded tensors by ids of inputs; an id is never used for another tensor. */
  #rounded = new Map<number, number>();

  /** @param places of the inputs to be rounded */
  constructor(
    eager: Pick<EagerContext, "execute" | "deleteTensor">,
    places: readonly number[],
  ) {
    this.#eager = eager;
    this.#places = places;
  }

  /** Ids of the rounded inputs of a call. They are valid until the next one. */
  of(inputs: readonly number[]): number[] {
    const wanted = this.#places.map((place) => inputs[place]!);
    const kept = new Set(wanted);
    for (const [input, rounded] of this.#rounded) {
      if (kept.has(input)) continue;
      this.#eager.deleteTensor(rounded);
      this.#rounded.delete(input);
    }
    return wanted.map((input) => {
      const rounded = this.#rounded.get(input) ?? this.#round(input);
      this.#rounded.set(input, rounded);
      return rounded;
    });
  }

  [Symbol.dispose](): void {
    for (const rounded of this.#rounded.values()) this.#eager.deleteTensor(rounded);
    this.#rounded.clear();
  }

  #round(input: number): number {
    const types = [typeAttribute("SrcT", TF_FLOAT), typeAttribute("DstT", TF_BFLOAT16)];
    return this.#eager.execute("Cast", types, [input], 1)[0]!.id;
  }
}

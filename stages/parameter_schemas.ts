/** Schemas and checks of parameters that several stages share. */
import * as v from "valibot";
import type { Applicability } from "../pipeline/contract/stage.ts";

/** A whole number from 1. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** A whole number from 0. */
export const natural = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A non-empty text, such as a name or a path. */
export const name = v.pipe(v.string(), v.nonEmpty());

/** A non-empty list without repetitions. @param noun names one item in errors */
export function distinct<Item extends v.GenericSchema>(item: Item, noun: string) {
  return v.pipe(
    v.array(item),
    v.minLength(1, `at least one ${noun}`),
    v.check((list) => new Set(list).size === list.length, `each ${noun} only once`),
  );
}

/** The split or splits to train on. */
export const trainingSplits = v.optional(v.union([name, distinct(name, "split")]), "train");

/** Train on so many images, the first of the splits in the order of the features; default: all. */
export const trainingImages = v.optional(count);

/** With validation, the weights that training ends with: those with the best sum of recalls, or the last. */
export const keep = v.optional(v.picklist(["best", "last"]), "best");

/** Encoder layers: the last one, all, one by its index from 0, or a list of indices. */
export const layers = v.optional(
  v.union([v.literal("last"), v.literal("all"), natural, distinct(natural, "layer")]),
  "last",
);

/** mean: the distance of the attention averaged over heads; each: the mean of the heads' distances. */
export const heads = v.optional(v.picklist(["mean", "each"]), "mean");

/** Precision of the encoder's matrix products. bfloat16 is for GPUs, and for CPUs with instructions for it. */
export const precision = v.optional(v.picklist(["float32", "bfloat16"]), "float32");

/** Compile the recorded programs with XLA; without it they are slower and differ in the last bits. */
export const xla = v.optional(v.boolean(), true);

/** Seed of random numbers. */
export const seed = natural;

/**
 * Checks parameters against each other.
 *
 * @param check calls `refuse` with a parameter and a sentence that says how to fix it
 */
export function consistent<Parameters extends object>(
  check: (
    parameters: Parameters,
    refuse: (key: keyof Parameters & string, fix: string) => void,
  ) => void,
): v.RawCheckAction<Parameters> {
  return v.rawCheck<Parameters>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const input = dataset.value;
    check(input, (key, fix) => {
      const value = input[key];
      const path = { type: "object", origin: "value", input, key, value } as const;
      addIssue({ message: fix, expected: fix, input: value, path: [path as never] });
    });
  });
}

/** Parameters of a training that nothing uses without validation. */
export const validationUse: Applicability<{ readonly validate_every: number }> = {
  parameters: ["validation_split", "validation_images", "keep"],
  by: "validate_every",
  when: ({ validate_every: every }) => every > 0,
};

/** `pool` is chosen from by frozen branches. */
export const poolUse: Applicability<{ readonly branch_weight: number }> = {
  parameters: ["pool"],
  by: "branch_weight",
  when: ({ branch_weight: weight }) => weight > 0,
};

/** Validation on training data would select overfitted weights. */
export function checkValidation(
  { train, validate_every: every, validation_split: split, keep }: {
    readonly keep: "best" | "last";
    readonly train: string | readonly string[];
    readonly validate_every: number;
    readonly validation_split: string;
  },
  refuse: (key: "validate_every" | "keep", fix: string) => void,
): void {
  if (every === 0 && keep === "last") {
    refuse(
      "keep",
      "remove it, or set `validate_every`: without validation the last weights are kept",
    );
  }
  if (every === 0 || ![train].flat().includes(split)) return;
  refuse(
    "validate_every",
    `use 0, or another \`validation_split\`: \`${split}\` is part of the training data`,
  );
}

import * as v from "valibot";

const name = v.pipe(v.string(), v.nonEmpty());

/** Parameter: the split or splits to train on. */
export const trainingSplits = v.optional(
  v.union([
    name,
    v.pipe(
      v.array(name),
      v.minLength(1, "at least one split"),
      v.check((names) => new Set(names).size === names.length, "each split only once"),
    ),
  ]),
  "train",
);

export type TrainingSplits = string | readonly string[];

/**
 * Validation on training data would select overfitted weights.
 * @returns what is wrong with `validate_every`, or undefined
 */
export function validationComplaint(
  { train, validate_every: every, validation_split: split }: {
    readonly train: TrainingSplits;
    readonly validate_every: number;
    readonly validation_split: string;
  },
): string | undefined {
  if (every === 0 || ![train].flat().includes(split)) return undefined;
  return `0: validation on \`${split}\` is biased, because it is part of the training data`;
}

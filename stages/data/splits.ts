import * as v from "valibot";

const name = v.pipe(v.string(), v.nonEmpty());

/** The split or splits that something is trained on. */
export const trainingSplits = v.optional(
  v.union([
    name,
    v.pipe(
      v.array(name),
      v.minLength(1, "at least one split"),
      v.check((names) => new Set(names).size === names.length, "each split once"),
    ),
  ]),
  "train",
);

export type TrainingSplits = string | readonly string[];

/**
 * The best weights are no finding of their own where they are sought on what is trained on.
 * @returns what is wrong with the interval, or undefined
 */
export function validationComplaint(
  { train, validate_every: every, validation_split: split }: {
    readonly train: TrainingSplits;
    readonly validate_every: number;
    readonly validation_split: string;
  },
): string | undefined {
  if (every === 0 || ![train].flat().includes(split)) return undefined;
  return `0: \`${split}\` is trained on, and shows nothing about the unseen`;
}

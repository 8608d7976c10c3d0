/**
 * Which parameters of a training its alignment uses (`alignmentFrom`). Apart from it, so that planning does
 * not load the losses.
 */
import type { Applicability } from "../../pipeline/contract/stage.ts";
import type { AlignmentParameters } from "./alignment_parameters.ts";

const sparse = ["projection", "relation"];

/** Of every alignment, but not without one. */
const all = [
  ...["normalise", "stop_gradient", "contrast", "eps"],
  ...["layers", "heads", "modality", "schedule", "alignment_weight"],
];

/** Rules about the parameters of the alignment; an alignment has to be chosen for the others to apply. */
export const alignmentUse: readonly Applicability<AlignmentParameters>[] = [
  { parameters: all, by: "alignment", when: ({ alignment }) => alignment !== "none" },
  {
    parameters: [...sparse, "k"],
    by: "alignment",
    when: ({ alignment }) => alignment === "sparse",
  },
  { parameters: ["k"], by: "projection", when: ({ projection }) => projection === "topk" },
  // The rows of a round trip sum to 1.
  {
    parameters: ["normalise"],
    by: "alignment",
    when: ({ alignment }) => alignment !== "distributed",
  },
  {
    parameters: ["normalise"],
    by: "relation",
    when: ({ alignment, relation }) => alignment !== "sparse" || relation === "transport",
  },
];

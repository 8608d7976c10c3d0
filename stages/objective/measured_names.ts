/**
 * Names of the members of the alignment family that relations are measured with, in experiment files
 * and results. Separate from the members: planning reads the names, and must not load TensorFlow.
 */

/** The published members, and the sparse ones between them: `<projection>_<relation>`. */
export const measuredAlignments = [
  "singular",
  "distributed",
  "congruence",
  "topk_transport",
  "topk_roundtrip",
  "sparsemax_transport",
  "sparsemax_roundtrip",
  "entmax15_transport",
  "entmax15_roundtrip",
] as const;

export type MeasuredAlignment = typeof measuredAlignments[number];

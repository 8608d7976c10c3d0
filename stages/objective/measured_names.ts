/**
 * Names of the members of the alignment family that relations are measured with, in experiment files
 * and results. Separate from the members: planning reads the names, and must not load TensorFlow.
 */

/**
 * The published members, and the sparse ones between them: `<projection>_<relation>`. `…_sum`: the same
 * with the rows of the carried relation divided by their sum, instead of the published softmax. These
 * are members of their own, so that a query for `singular` means the published one.
 */
export const measuredAlignments = [
  "singular",
  "singular_sum",
  "distributed",
  "congruence",
  "congruence_sum",
  "topk_transport",
  "topk_transport_sum",
  "topk_roundtrip",
  "sparsemax_transport",
  "sparsemax_transport_sum",
  "sparsemax_roundtrip",
  "entmax15_transport",
  "entmax15_transport_sum",
  "entmax15_roundtrip",
] as const;

export type MeasuredAlignment = typeof measuredAlignments[number];

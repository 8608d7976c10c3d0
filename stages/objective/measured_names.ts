/**
 * Names of the members of the alignment family by which relations are measured: in experiment files and
 * in results. Apart from the members, since planning reads names and loads no TensorFlow.
 */

/** Published ones, and the sparse ones between them: `<projection>_<relation>`. */
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

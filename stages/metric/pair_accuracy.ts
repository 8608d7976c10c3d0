/**
 * Winoground's three accuracies (arXiv 2204.03162), for two images and two captions that differ only in
 * a relation or a binding. A tie is a failure.
 *
 * Guessing: for independent scores of one distribution, all 24 orders of the four are equally likely. Both
 * images prefer their own captions in 24 x 1/2 x 1/2 = 6 of them, both captions their own images in as many,
 * and both right scores are above both wrong ones in 2! x 2! = 4: 1/4, 1/4 and 1/6.
 */

/** `s01` is the score of caption 0 with image 1; s00 and s11 are the correct pairs. */
export interface PairScores {
  readonly s00: number;
  readonly s01: number;
  readonly s10: number;
  readonly s11: number;
}

export interface PairOutcome {
  /** For each image, its own caption scores higher than the other. Chance: 1/4. */
  readonly textRight: boolean;
  /** For each caption, its own image scores higher than the other. Chance: 1/4. */
  readonly imageRight: boolean;
  /** Both. Chance: 1/6. */
  readonly groupRight: boolean;
}

/** Which of the three tests a pair passes. */
export function judgePair({ s00, s01, s10, s11 }: PairScores): PairOutcome {
  const textRight = s00 > s10 && s11 > s01;
  const imageRight = s00 > s01 && s11 > s10;
  return { textRight, imageRight, groupRight: textRight && imageRight };
}

/** Fractions of pairs, by the names in the metric table; empty without pairs. */
export function pairAccuracy(outcomes: readonly PairOutcome[]): Record<string, number> {
  if (outcomes.length === 0) return {};
  const fraction = (key: keyof PairOutcome) =>
    outcomes.filter((outcome) => outcome[key]).length / outcomes.length;
  return {
    pair_text: fraction("textRight"),
    pair_image: fraction("imageRight"),
    pair_group: fraction("groupRight"),
  };
}

/**
 * Metrics of all pairs, and of the pairs of each kind as `pair_text_relation` and so on.
 * @param metricsOf the metrics of some pairs, such as `pairAccuracy`; none without pairs
 */
export function metricsByKind<Pair extends { readonly kind: string }>(
  pairs: readonly Pair[],
  metricsOf: (pairs: readonly Pair[]) => Readonly<Record<string, number>>,
): Record<string, number> {
  const metrics = { ...metricsOf(pairs) };
  for (const [kind, own] of Map.groupBy(pairs, (pair) => pair.kind)) {
    for (const [name, value] of Object.entries(metricsOf(own))) metrics[`${name}_${kind}`] = value;
  }
  return metrics;
}

/** Paired results of two variants, query by query, gathered by image. */

/**
 * All queries of an image are drawn together: its captions describe one scene and are judged by one
 * set of regions, so they are not independent. The query of an image itself stands alone.
 */
export interface Clusters {
  /** Queries x seeds of each image; integers. */
  readonly sizes: Float64Array;
  /** Per image: hits of the variant minus hits of the baseline over those; integers. */
  readonly differences: Float64Array;
}

/** Mean difference per query and seed. */
export function meanDifference({ sizes, differences }: Clusters): number {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  return sum(differences) / sum(sizes);
}

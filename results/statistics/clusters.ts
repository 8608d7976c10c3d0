/** Paired results of two variants, query by query, gathered by image. */

/**
 * All queries of an image are drawn together: its captions describe one scene and are judged by one
 * set of regions, so they are not independent. The query of an image itself stands alone.
 */
export interface Clusters {
  /** Queries x seeds of each image. */
  readonly sizes: Int32Array;
  /** Per image: hits of the variant minus hits of the baseline over those; an integer. */
  readonly differences: Int32Array;
}

/** Mean difference per query and seed. */
export function meanDifference({ sizes, differences }: Clusters): number {
  const sum = (values: Int32Array) => values.reduce((total, value) => total + value, 0);
  return sum(differences) / sum(sizes);
}

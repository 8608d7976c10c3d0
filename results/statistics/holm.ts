/**
 * Adjusts the p values of several tests so that the probability of any false positive among them stays
 * below the significance level: Holm's step-down procedure (1979).
 *
 *     adjusted of the i-th smallest = max over j <= i of min(1, (n - j) p_j),   i and j from 0
 *
 * @param options.tests n, if it is larger than the number of values because tests are still missing
 */
export function holm(
  values: readonly number[],
  { tests = values.length }: { readonly tests?: number } = {},
): number[] {
  const order = values.map((_, place) => place).sort((a, b) => values[a]! - values[b]!);
  const adjusted: number[] = [...values];
  let largest = 0;
  order.forEach((place, rank) => {
    largest = Math.max(largest, Math.min(1, (tests - rank) * values[place]!));
    adjusted[place] = largest;
  });
  return adjusted;
}

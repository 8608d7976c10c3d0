/**
 * Spearman's rank correlation: Pearson's of the ranks, where equal values share the mean of their
 * ranks. Undefined for fewer than three pairs, and where one side does not vary.
 */
export function rankCorrelation(pairs: readonly (readonly [number, number])[]): number | undefined {
  if (pairs.length < 3) return undefined;
  const [x, y] = [0, 1].map((side) => ranks(pairs.map((pair) => pair[side]!)));
  return pearson(x!, y!);
}

/**
 * Of x and y with z held fixed, from the three pairwise correlations; of Spearman's, it is Pearson's of
 * what is left of the ranks of x and y once those of z are fitted by a line each. Undefined where z
 * alone decides one of them.
 *
 *     (xy - xz yz) / sqrt((1 - xz^2) (1 - yz^2))
 */
export function partialCorrelation(
  { xy, xz, yz }: { readonly xy: number; readonly xz: number; readonly yz: number },
): number | undefined {
  const left = (1 - xz ** 2) * (1 - yz ** 2);
  // A correlation of one is so but for the last bits.
  return left < 1e-12 ? undefined : (xy - xz * yz) / Math.sqrt(left);
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, place) => place).sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) found[order[at]!] = (from + to + 1) / 2;
    from = to;
  }
  return found;
}

function pearson(x: readonly number[], y: readonly number[]): number | undefined {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [centreX, centreY] = [mean(x), mean(y)];
  let [both, squaresX, squaresY] = [0, 0, 0];
  x.forEach((value, place) => {
    const [dx, dy] = [value - centreX, y[place]! - centreY];
    both += dx * dy;
    squaresX += dx * dx;
    squaresY += dy * dy;
  });
  if (squaresX === 0 || squaresY === 0) return undefined;
  return both / Math.sqrt(squaresX * squaresY);
}

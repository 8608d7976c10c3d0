/**
 * Spearman's rank correlation: Pearson's correlation of the ranks, where equal values share their mean
 * rank. Undefined for fewer than three pairs, and if one side is constant.
 */
export function rankCorrelation(pairs: readonly (readonly [number, number])[]): number | undefined {
  if (pairs.length < 3) return undefined;
  const [x, y] = [0, 1].map((side) => ranks(pairs.map((pair) => pair[side]!)));
  return pearson(x!, y!);
}

/**
 * Correlation of x and y controlling for z, from the three pairwise correlations. With Spearman's
 * correlations it is Pearson's correlation of the residuals of the ranks of x and y after linear
 * regression on the ranks of z. Undefined if z determines x or y.
 *
 *     (xy - xz yz) / sqrt((1 - xz^2) (1 - yz^2))
 */
export function partialCorrelation(
  { xy, xz, yz }: { readonly xy: number; readonly xz: number; readonly yz: number },
): number | undefined {
  const left = (1 - xz ** 2) * (1 - yz ** 2);
  // Rounding keeps a perfect correlation from being exactly 1.
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

/**
 * Student's t distribution with any positive number of degrees of freedom. Written by hand because
 * libraries for JavaScript round small tail probabilities away.
 */

/**
 * Two-sided tail P(|T| >= t): the regularised incomplete beta function I_x(freedom / 2, 1 / 2) at
 * x = freedom / (freedom + t^2), by its continued fraction (Numerical Recipes, 3rd edition, 6.4).
 * Relative error below 1e-8 for up to 10^6 degrees of freedom.
 */
export function studentTail(t: number, freedom: number): number {
  if (t === 0) return 1;
  if (!Number.isFinite(t)) return 0;
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** The t with P(|T| >= t) = tail, by bisection. @param tail between 0 and 1 */
export function studentBound(tail: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (studentTail(high, freedom) > tail) [low, high] = [high, 2 * high];
  for (let step = 0; step < 80 && high - low > 1e-12 * high; step++) {
    const middle = (low + high) / 2;
    if (studentTail(middle, freedom) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function incompleteBeta(x: number, a: number, b: number): number {
  if (x >= 1) return 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  // Both fractions converge fast on their side of the mean.
  return x < (a + 1) / (a + b + 2)
    ? front * fraction(x, a, b) / a
    : 1 - front * fraction(1 - x, b, a) / b;
}

/** The continued fraction of the incomplete beta function, by Lentz's method. */
function fraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number) => Math.abs(value) < tiny ? tiny : value;
  let c = 1;
  let d = 1 / away(1 - (a + b) * x / (a + 1));
  let found = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      change = c * d;
      found *= change;
    }
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return found;
}

/** Lanczos's approximation (g = 7, n = 9), for positive x. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const sum = lanczos.reduce((all, value, place) => all + value / (z + place + 1), 0);
  const base = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(sum + first);
}

const first = 0.99999999999980993;
// deno-fmt-ignore
const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

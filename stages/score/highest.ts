/** Selection of the largest of many numbers, without sorting them. */

/**
 * Indices of the `count` largest of `length` numbers, in no particular order; of equal numbers, those with
 * lower indices. All if there are fewer.
 */
export function highest(
  length: number,
  count: number,
  numberAt: (index: number) => number,
): Int32Array {
  const kept = Math.min(count, length);
  // A heap: each entry is above its two children, the lowest of all is at 0.
  const indices = new Int32Array(kept);
  const numbers = new Float64Array(kept);
  const below = (a: number, b: number) =>
    numbers[a]! < numbers[b]! || (numbers[a] === numbers[b] && indices[a]! > indices[b]!);
  const swap = (a: number, b: number) => {
    [numbers[a], numbers[b]] = [numbers[b]!, numbers[a]!];
    [indices[a], indices[b]] = [indices[b]!, indices[a]!];
  };
  const sink = (start: number) => {
    for (let at = start;;) {
      let least = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2; child++) {
        if (child < kept && below(child, least)) least = child;
      }
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };
  for (let index = 0; index < kept; index++) {
    indices[index] = index;
    numbers[index] = numberAt(index);
  }
  for (let at = (kept >> 1) - 1; at >= 0; at--) sink(at);
  for (let index = kept; index < length && kept > 0; index++) {
    const number = numberAt(index);
    if (number <= numbers[0]!) continue; // a later index loses at equal numbers
    numbers[0] = number;
    indices[0] = index;
    sink(0);
  }
  return indices;
}

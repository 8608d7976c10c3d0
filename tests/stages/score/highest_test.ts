import assert from "node:assert/strict";
import fc from "fast-check";
import { highest } from "../../../stages/score/highest.ts";

Deno.test("highest() has the numbers that sorting puts first; of equal ones, those with lower indices", () => {
  const numbers = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true })));
  fc.assert(fc.property(numbers, fc.nat(20), (numbers, count) => {
    const sorted = [...numbers.keys()].sort((a, b) => {
      const [one, other] = [numbers[a]!, numbers[b]!];
      return one === other ? a - b : one > other ? -1 : 1;
    });
    const found = highest(numbers.length, count, (index) => numbers[index]!);
    assert.deepEqual(
      [...found].sort((a, b) => a - b),
      sorted.slice(0, count).sort((a, b) => a - b),
    );
  }));
});

Deno.test("highest() looks at each number once", () => {
  const seen = new Int32Array(5000);
  const found = highest(seen.length, 20, (index) => {
    seen[index]!++;
    return -Math.abs(index - 1234.4);
  });
  assert.deepEqual(new Set(seen), new Set([1]));
  assert.deepEqual(
    [...found].sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, k) => 1225 + k),
  );
});

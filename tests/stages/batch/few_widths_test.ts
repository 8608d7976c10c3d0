/** The widths that rows are padded to. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fewWidths } from "../../../stages/batch/few_widths.ts";

const placesOf = (lengths: readonly number[], widths: readonly number[]) =>
  lengths.reduce((sum, length) => sum + widths.find((width) => width >= length)!, 0);

/** All ways to choose at most `count` of the sizes, with the largest among them. */
function choices(sizes: readonly number[], count: number): number[][] {
  const [last] = sizes.slice(-1);
  const subsets = sizes.slice(0, -1).reduce<number[][]>(
    (all, size) => [...all, ...all.map((some) => [...some, size])],
    [[]],
  );
  return subsets.filter((some) => some.length < count).map((some) => [...some, last!]);
}

Deno.test("fewWidths() gives the fewest places of all choices", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }),
    fc.integer({ min: 1, max: 5 }),
    (lengths, most) => {
      const widths = fewWidths(lengths, most);
      assert.ok(widths.length <= most);
      assert.equal(widths.at(-1), Math.max(...lengths));
      const sizes = [...new Set(lengths)].sort((a, b) => a - b);
      const least = Math.min(...choices(sizes, most).map((some) => placesOf(lengths, some)));
      assert.equal(placesOf(lengths, widths), least);
    },
  ));
});

Deno.test("rows of few lengths are not padded", () => {
  assert.deepEqual(fewWidths([9, 4, 9, 4, 4], 6), [4, 9]);
});

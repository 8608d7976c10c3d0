import assert from "node:assert/strict";
import fc from "fast-check";
import { rangeValues } from "../../../pipeline/experiment/range.ts";

const mistake = (range: Record<string, unknown>) => {
  const found = rangeValues(range);
  if (Array.isArray(found)) throw new Error(`no mistake: ${found}`);
  return `${found.key ?? ""}: ${found.what}; ${found.fix}`;
};

Deno.test("a range counts by ones, by steps, or in equal parts", () => {
  assert.deepEqual(rangeValues({ from: 1, to: 5 }), [1, 2, 3, 4, 5]);
  assert.deepEqual(rangeValues({ from: 3, to: 3 }), [3]);
  assert.deepEqual(rangeValues({ from: 0, to: 5, step: 2 }), [0, 2, 4]);
  assert.deepEqual(rangeValues({ from: 0, to: 1, count: 5 }), [0, 0.25, 0.5, 0.75, 1]);
});

Deno.test("values are those that one would write in a list, without binary rounding errors", () => {
  assert.deepEqual(rangeValues({ from: 0.1, to: 0.5, step: 0.1 }), [0.1, 0.2, 0.3, 0.4, 0.5]);
  assert.deepEqual(
    rangeValues({ from: 1e-5, to: 1e-3, count: 5, scale: "log" }),
    [1e-5, 0.0000316227766017, 1e-4, 0.000316227766017, 1e-3],
  );
  const large = 2 ** 53 - 3;
  assert.deepEqual(rangeValues({ from: large, to: large + 2 }), [large, large + 1, large + 2]);
});

Deno.test("an invalid range is reported with its key", () => {
  assert.equal(
    mistake({ form: 1, to: 2 }),
    'form: a range has no key "form"; did you mean `from`?',
  );
  assert.match(mistake({ from: 1 }), /^to: a range needs `to`; write/);
  assert.match(mistake({ from: "1", to: 2 }), /^from: `from` of a range is "1"; write/);
  assert.match(mistake({ from: 1, to: null }), /^to: `to` of a range is null/);
  assert.equal(
    mistake({ from: 2, to: 1 }),
    "to: a range goes from 2 to 1; start with the smaller number",
  );
  assert.match(mistake({ from: 1, to: 2, step: 0 }), /^step: `step` of a range is 0/);
  assert.match(mistake({ from: 1, to: 2, step: 1, count: 2 }), /both `step` and `count`/);
  assert.match(mistake({ from: 1, to: 2, count: 1.5 }), /^count: `count` of a range is 1\.5/);
  assert.match(mistake({ from: 0, to: 2, count: 3, scale: "log" }), /`from` above 0/);
  assert.match(
    mistake({ from: 1, to: 2, scale: "cubic" }),
    /^scale: `scale` of a range is "cubic"/,
  );
});

Deno.test("an endless range is rejected without being expanded", () => {
  for (
    const range of [
      { from: 1, to: 1e12 },
      { from: 0, to: 1, step: 1e-300 },
      { from: 0, to: 1, count: 1e9 },
      { from: -1e308, to: 1e308 },
    ]
  ) {
    assert.match(mistake(range), /^: a range has \S+ values; at most 100000 are allowed;/);
  }
});

Deno.test("any range of integers equals the list of them", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), fc.nat(50), (from, length) => {
    fc.pre(Number.isSafeInteger(from + length));
    const list = Array.from({ length: length + 1 }, (_, index) => from + index);
    assert.deepEqual(rangeValues({ from, to: from + length }), list);
  }));
});

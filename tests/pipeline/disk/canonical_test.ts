import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalDigest, canonicalText } from "../../../pipeline/disk/canonical.ts";

const values = fc.jsonValue().filter((value) => {
  try {
    canonicalText(value);
    return true;
  } catch {
    return false;
  }
});

Deno.test("equal values have equal encodings, whatever the order of their keys", () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value).reverse().map(([name, inner]) => [name, shuffled(inner)]),
    );
  };
  fc.assert(fc.property(values, (value) => {
    assert.equal(canonicalText(shuffled(value)), canonicalText(value));
  }));
});

Deno.test("different values have different encodings", () => {
  fc.assert(fc.property(values, values, (a, b) => {
    const same = canonicalText(a) === canonicalText(b);
    assert.equal(same, JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
  }));
});

Deno.test("values that look alike when they are joined have different encodings", () => {
  const alike = [["a,b"], ["a", "b"], "a,b", ["a", ["b"]], [["a"], "b"], 1, "1", true, "t", null];
  assert.equal(new Set(alike.map(canonicalText)).size, alike.length);
});

Deno.test("values without a unique encoding are rejected", () => {
  const refused = [NaN, Infinity, undefined, () => 1, 1n, new Date(0), new Map(), "\ud800"];
  for (const value of refused) assert.throws(() => canonicalText({ value }), TypeError);
});

Deno.test("digests do not change between versions", () => {
  const value = { steps: 400, alignment: "none", rate: 5e-5, list: [1, null, true, "é"] };
  assert.equal(
    canonicalText(value),
    "m4:s9:alignments4:nones4:listl4:d1:1nts2:és4:rated7:0.00005s5:stepsd3:400",
  );
  assert.equal(
    canonicalDigest(value),
    "9ddbff4b36fd66053267b949b194d6c4ace180e327a33d7196447a951041f5e1",
  );
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return Object.is(value, -0) ? 0 : value;
  const entries = Object.entries(value).map(([name, inner]) => [name, sorted(inner)] as const);
  return { map: entries.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

import fc from "fast-check";
import assert from "node:assert/strict";
import { wrongIn } from "../../../../stages/data/formats/foreign_file.ts";
import { parseOrderedObject } from "../../../../stages/data/formats/json_order.ts";

const wrong = wrongIn("id2len.json");

Deno.test("keys that look like integers keep their position", () => {
  const text = '{"10": 1, "b": 2, "9": 3, "1": {"8": [], "7": "}"}}';
  assert.deepEqual([...parseOrderedObject(text, wrong)], [
    ["10", 1],
    ["b", 2],
    ["9", 3],
    ["1", { "7": "}", "8": [] }],
  ]);
});

Deno.test("any object is read in the order in which it was written", () => {
  const key = fc.oneof(fc.string(), fc.nat().map(String), fc.constant("__proto__"));
  const pairs = fc.uniqueArray(fc.tuple(key, fc.jsonValue()), { selector: ([name]) => name });
  fc.assert(fc.property(pairs, fc.constantFrom(0, 2, "\t"), (entries, indent) => {
    const body = entries.map(([name, value]) =>
      `${JSON.stringify(name)} : ${JSON.stringify(value, null, indent)}`
    );
    const read = [...parseOrderedObject(`{${body.join(",\n")}}`, wrong)];
    assert.deepEqual(
      read,
      entries.map(([name, value]) => [name, JSON.parse(JSON.stringify(value))]),
    );
  }));
});

Deno.test("duplicate keys are refused, however they are escaped", () => {
  assert.throws(() => parseOrderedObject('{"a": 1, "\\u0061": 2}', wrong), /duplicate key "a"/);
});

Deno.test("anything but a JSON object is refused", () => {
  for (const text of ["", "[1]", "null", '{"a": 1', '{"a" 1}', '"a"']) {
    assert.throws(() => parseOrderedObject(text, wrong), { name: "Complaint" });
  }
});

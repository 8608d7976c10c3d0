import assert from "node:assert/strict";
import fc from "fast-check";
import { plainLine, plainText } from "../../../pipeline/contract/plain_text.ts";

const hostile = "a\x1b[31mred\x1b]0;title\x07 \x9b2J\x7f\b\0 \u202eback\u2066";

Deno.test("control characters are shown as JSON escapes", () => {
  const shown = String
    .raw`a\u001b[31mred\u001b]0;title\u0007 \u009b2J\u007f\b\u0000 \u202eback\u2066`;
  assert.equal(plainText(hostile), shown);
  assert.equal(plainLine(hostile), shown);
});

Deno.test("a text keeps its lines and tabs, but no return to the start of a line", () => {
  assert.equal(plainText("a\tb\nc\r\nd\re"), "a\tb\nc\r\nd\\re");
  assert.equal(plainLine("a\tb\nc\r\n"), "a\\tb\\nc\\r\\n");
});

Deno.test("letters of all scripts, marks and emoji stay as they are", () => {
  const text = "Straße 犬 שלום كلب 👩‍👩‍👧 e\u0301 · → ±";
  assert.equal(plainText(text), text);
  assert.equal(plainLine(text), text);
});

Deno.test("JSON stays the same JSON", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.equal(JSON.parse(plainText(JSON.stringify(text))), text);
  }));
});

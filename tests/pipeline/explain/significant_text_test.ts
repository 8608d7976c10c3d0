import assert from "node:assert/strict";
import { significantText } from "../../../pipeline/explain/significant_text.ts";

Deno.test("significantText() leaves comments and spaces out, and keeps those in strings", () => {
  const { text, places } = significantText(
    'a( /* no */ "b \\" // c", // end\n  `d ${"e"}\n f`);\nx = 1 / 2;',
  );
  assert.equal(text, 'a("b \\" // c",`d ${"e"}\n f`);x=1/2;');
  assert.equal(text.length, places.length);
  assert.deepEqual(places[text.indexOf("`")], { line: 1, column: 2 });
  assert.deepEqual(places[text.indexOf("f`")], { line: 2, column: 1 });
  assert.deepEqual(places[text.indexOf("x")], { line: 3, column: 0 });
});

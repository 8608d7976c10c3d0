import assert from "node:assert/strict";
import { wrapped } from "../../../pipeline/terminal/terminal_text.ts";

Deno.test("wrapped() fills lines up to the width; a longer word has a line of its own", () => {
  assert.deepEqual(wrapped("one two  three\nfour", 8), ["one two", "three", "four"]);
  assert.deepEqual(wrapped("a extraordinary b c", 3), ["a", "extraordinary", "b c"]);
  assert.deepEqual(wrapped(" ", 3), []);
});

import assert from "node:assert/strict";
import { sourceLines } from "../../../pipeline/explain/source_map.ts";

Deno.test("sourceLines() tells the source line of a position, by the stretch it lies in", () => {
  // Line 0: column 0 from line 1, column 4 from line 3. Line 1: none. Line 2: column 2 from line 2.
  const lineOf = sourceLines(JSON.stringify({ version: 3, mappings: "AAAA,IAEA;;EADA" }));
  assert.deepEqual([lineOf(0, 0), lineOf(0, 3), lineOf(0, 4), lineOf(0, 99)], [1, 1, 3, 3]);
  assert.equal(lineOf(1, 0), undefined);
  assert.deepEqual([lineOf(2, 2), lineOf(2, 0)], [2, 2]);
});

Deno.test("sourceLines() reads numbers of several digits, forth and back", () => {
  // gBAAgB: column 16, line 17 (16 steps on); then column 32, line 1 (16 steps back).
  const lineOf = sourceLines(JSON.stringify({ version: 3, mappings: "gBAgBA,gBAhBA" }));
  assert.deepEqual([lineOf(0, 16), lineOf(0, 32)], [17, 1]);
});

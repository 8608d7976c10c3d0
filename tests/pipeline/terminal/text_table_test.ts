import assert from "node:assert/strict";
import { textTable } from "../../../pipeline/terminal/text_table.ts";

Deno.test("textTable() aligns the leading columns left and the others right", () => {
  const rows = [["", "n"], ["ab", "1"], ["c", "234"]];
  assert.deepEqual(textTable(rows), ["      n", "ab    1", "c   234"]);
  assert.deepEqual(textTable(rows, 2), ["    n", "ab  1", "c   234"]);
  assert.deepEqual(textTable([]), []);
});

Deno.test("textTable() aligns each column as it is told, and counts characters", () => {
  assert.deepEqual(
    textTable([["1", "😀"], ["23", "ab"]], (column) => column === 1),
    [" 1  😀", "23  ab"],
  );
});

import assert from "node:assert/strict";
import { columnsOf } from "../../../stages/metric/columns.ts";

Deno.test("columnsOf() has every column, in order, for fewer and for more than are copied at once", () => {
  for (const [rows, columns] of [[3, 5], [7, 64], [2, 65], [5, 200], [0, 3], [4, 0]] as const) {
    const matrix = Float32Array.from({ length: rows * columns }, (_, at) => at);
    const found = Array.from(columnsOf(matrix, { rows, columns }), (column) => [...column]);
    const expected = Array.from(
      { length: columns },
      (_, column) => Array.from({ length: rows }, (_, row) => row * columns + column),
    );
    assert.deepEqual(found, expected);
  }
});

import assert from "node:assert/strict";
import { printCsv, printJson, printTable } from "../../../results/text/sql_table.ts";

const answer = {
  columns: [
    { name: "name", numeric: false },
    { name: "value", numeric: true },
    { name: "note", numeric: false },
  ],
  rows: [
    ["i2t_r1", 0.123456789, null],
    ["t2i_r10", 12, 'a "b",\nc'],
  ],
};

Deno.test("printTable() aligns columns, numbers to the right, prints NULL and escapes control characters", () => {
  assert.equal(
    printTable(answer, 80),
    "name        value  note\n" +
      "-------  --------  ---------\n" +
      "i2t_r1   0.123457  NULL\n" +
      't2i_r10        12  a "b",\\nc\n' +
      "(2 rows)\n",
  );
});

Deno.test("printTable() fits the width by cutting the longest columns", () => {
  const wide = {
    columns: [{ name: "id", numeric: false }, { name: "text", numeric: false }],
    rows: [["a", "x".repeat(300)], ["b", "short"]],
  };
  const lines = printTable(wide, 40).trimEnd().split("\n");
  assert.equal(lines[2], `a   ${"x".repeat(35)}…`);
  assert.ok(lines.every((line) => line.length <= 40));
  assert.equal(lines.at(-1), "(2 rows)");
});

Deno.test("printJson() and printCsv() keep every digit and can be read back", () => {
  assert.deepEqual(JSON.parse(printJson(answer)), [
    { name: "i2t_r1", value: 0.123456789, note: null },
    { name: "t2i_r10", value: 12, note: 'a "b",\nc' },
  ]);
  assert.equal(printJson({ columns: answer.columns, rows: [] }), "[]\n");
  assert.equal(
    printCsv(answer),
    'name,value,note\r\ni2t_r1,0.123456789,\r\nt2i_r10,12,"a ""b"",\nc"\r\n',
  );
});

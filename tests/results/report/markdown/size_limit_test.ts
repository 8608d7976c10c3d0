import assert from "node:assert/strict";
import fc from "fast-check";
import { type Block, shortened } from "../../../../results/report/markdown/size_limit.ts";

const block = (title: string, importance: number, rows: number): Block => ({
  title,
  importance,
  text: `## ${title}`,
  rows: Array.from({ length: rows }, (_, row) => `| row ${row} of ${title} äöü |`),
  after: "That is all.",
});

Deno.test("shortened() leaves a document that fits unchanged", () => {
  assert.equal(
    shortened([block("a", 1, 1), { title: "b", importance: 0, text: "b" }], {
      bytes: 1000,
      whole: "",
    }),
    "## a\n| row 0 of a äöü |\n\nThat is all.\n\nb\n",
  );
});

Deno.test("shortened() drops the least important parts first and names them", () => {
  const text = shortened([block("least", 9, 3), block("most", 1, 20)], {
    bytes: 700,
    whole: "See elsewhere.",
  });
  assert.match(text, /row 0 of most/);
  assert.doesNotMatch(text, /## least/);
  assert.match(text, /_Shortened to fit; omitted: .*rows of most, least\. See elsewhere\._\n$/);
});

Deno.test("shortened() never exceeds the limit in bytes", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ importance: fc.nat(5), rows: fc.nat(60) }), { maxLength: 12 }),
    fc.integer({ min: 1200, max: 9000 }),
    (shapes, bytes) => {
      const blocks = shapes.map(({ importance, rows }, at) => block(`t${at}`, importance, rows));
      const text = shortened(blocks, { bytes, whole: "Elsewhere." });
      assert.ok(new TextEncoder().encode(text).length <= bytes);
    },
  ));
});

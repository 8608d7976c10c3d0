import assert from "node:assert/strict";
import {
  codeBlock,
  escapeMarkdown,
  markdownTable,
} from "../../../../results/report/markdown/markdown_text.ts";

Deno.test("escapeMarkdown() leaves no markup, mention, link or line break", () => {
  assert.equal(
    escapeMarkdown("<img src=x onerror=alert(1)>|a\nb `c` [d](http://e) @f #1 **g** www.h.org"),
    "\\<img src=x onerror=alert(1)\\>\\|a b \\`c\\` \\[d\\](http&#58;//e) @\u200bf \\#1 " +
      "\\*\\*g\\*\\* www&#46;h.org",
  );
  assert.equal(
    escapeMarkdown("entmax15_transport _x_ \x1b[31m"),
    "entmax15_transport \\_x\\_  \\[31m",
  );
});

Deno.test("codeBlock() keeps fences as text", () => {
  assert.equal(codeBlock("a\n```\nb", "sql"), "````sql\na\n```\nb\n````");
});

Deno.test("markdownTable() aligns numbers right", () => {
  const { head, rows } = markdownTable([{ title: "a" }, { title: "b", numeric: true }], [[
    "1",
    "2",
  ]]);
  assert.equal(head, "| a | b |\n| :-- | --: |");
  assert.deepEqual(rows, ["| 1 | 2 |"]);
});

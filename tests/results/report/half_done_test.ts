/** Reports of an incomplete sweep state how many seeds and variants have results. */
import assert from "node:assert/strict";
import { madeReport } from "../../support/made_report.ts";

const halfDone = () =>
  madeReport({
    variants: ["none", "singular", "sparse"],
    seeds: 3,
    images: 12,
    without: [
      ...[2, 3].map((seed) => `recall[alignment=singular,seed=${seed}]`),
      ...[1, 2, 3].map((seed) => `recall[alignment=sparse,seed=${seed}]`),
    ],
  });

Deno.test("a report states the seeds of each mean and difference, and variants without runs", async () => {
  const { printed, markdown, page } = await halfDone();

  assert.match(printed, /^none \* {2,}\d/m);
  assert.match(printed, /^singular \(1 of 3 seeds\) {2,}\d/m);
  assert.match(printed, /^sparse {2,}missing( +missing)+$/m);
  assert.match(printed, /^ {2}singular \(1 of 3 seeds\) {2}i→t R@1/m);
  assert.match(
    printed,
    /^Holm's correction counts all 2 variants; 1 of them has no result yet\.$/m,
  );
  assert.ok(
    printed.split("\n").filter((line) => !line.startsWith("wrote"))
      .every((line) => line.length <= 80),
    printed,
  );

  assert.match(markdown, /mean ± standard deviation over 3 seeds \(fewer where stated\)/);
  assert.match(markdown, /\| singular \| \d+\.\d \(1 of 3 seeds\) \|/);
  assert.match(markdown, /\| sparse \| missing \|/);
  assert.match(markdown, /\| singular \| test \| i→t R@1 \| [^|]+ \| 1 of 3 \|/);
  assert.match(
    markdown,
    /^- Holm's correction counts all 2 variants; 1 of them has no result yet/m,
  );
  assert.match(markdown, /^- The HTML page also has the differences in i→t R@5, .*\.$/m);

  assert.match(page, /<span class="spread">\(1 of 3 seeds\)<\/span>/);
  assert.match(page, /<td class="number" data-value="1">1 of 3<\/td>/);
});

Deno.test("terminal and Markdown show the same p", async () => {
  const { printed, markdown } = await halfDone();
  const [, p] = /i→t R@1 .*p (\d\.\d+)/.exec(printed)!;
  const row = markdown.split("\n").find((line) => line.startsWith("| singular | test | i→t R@1"))!;
  assert.ok(row.includes(`| ${p} |`), row);
});

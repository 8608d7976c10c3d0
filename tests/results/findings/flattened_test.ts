/** Variants with flattened attention are marked in the terminal, in Markdown and on the page. */
import assert from "node:assert/strict";
import { flattenedNote } from "../../../results/findings/flattened.ts";
import { madeReport } from "../../support/made_report.ts";

const variants = ["none", "singular", "distributed", "sparse"];

Deno.test("a variant is marked where its trainings flattened attention, with their number if not all did", async () => {
  const { printed, markdown, page } = await madeReport({
    variants,
    seeds: 3,
    flattened: (variant, seed) =>
      variant === "none" ? undefined : variant === "singular" || (variant === "sparse" && seed < 3),
  });
  const lines = printed.split("\n");
  for (const line of lines) assert.ok(line.length <= 80, line);
  const rows = lines.filter((line) => / ±\d/.test(line)).map((line) => line.split(/ {2,}/)[0]);
  assert.deepEqual(rows.slice(0, 4), ["none *", "singular ~", "distributed", "sparse ~2/3"]);
  assert.ok(printed.replaceAll(/\s+/g, " ").includes(flattenedNote), printed);
  for (const variant of ["none \\*", "singular \\~", "distributed", "sparse \\~2/3"]) {
    assert.ok(markdown.includes(`\n| ${variant} | `), `${variant}\n${markdown}`);
  }
  assert.ok(markdown.includes("- \\~ the aligned attention was uniform"));
  for (const variant of ["none *", "singular ~", "distributed", "sparse ~2/3"]) {
    assert.ok(page.includes(`<th scope="row">${variant}</th>`), variant);
  }
});

Deno.test("without flattened attention there is neither a mark nor a note", async () => {
  const { printed, markdown } = await madeReport({ variants, seeds: 2, flattened: () => false });
  assert.ok(!printed.includes("~") && !markdown.includes("aligned attention was uniform"));
});

/** Models that several stages evaluate: ranks of different stages are never mixed. */
import assert from "node:assert/strict";
import { reportedExperiment, storeReported } from "../../support/reported_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy } from "../../support/toy_command.ts";

async function reportOf(root: string) {
  const { code, err } = await runToy(["report", reportedExperiment, "--results", root]);
  assert.equal(code, 0, err);
  const folder = `${root}/reports/${reportedExperiment}`;
  const [markdown, page] = ["report.md", "report.html"].map((file) =>
    Deno.readTextFileSync(`${folder}/${file}`)
  );
  return { markdown: markdown!, page: page! };
}

/** From a heading of the Markdown to the next. */
function section(markdown: string, title: RegExp): string {
  return markdown.split(/^(?=## )/m).find((part) => title.test(part)) ?? "";
}

Deno.test("each stage's differences stand under its name; queries and relations are one stage's", async () => {
  using one = temporaryFolder();
  using two = temporaryFolder();
  const options = { variants: ["none", "singular"], seeds: 3, images: 12 };
  await storeReported(one.path, options);
  await storeReported(two.path, { ...options, again: true });
  const [alone, beside] = [await reportOf(one.path), await reportOf(two.path)];

  const differences = section(beside.markdown, /^## Differences/);
  for (const stage of ["recall", "recall_again"]) {
    assert.ok(differences.includes(`| ${stage} | singular | test | i→t R@1 |`), differences);
  }
  assert.doesNotMatch(section(alone.markdown, /^## Differences/), /\| stage \|/);

  // A variant has three runs of the stage, not six of two.
  assert.match(beside.page, /right in \d of 3 seeds/);
  assert.doesNotMatch(beside.page, /of 6 runs/);
  assert.match(beside.page, /the variants of <code>recall<\/code> answer most differently/);
  assert.match(alone.page, /; \* marks the baseline/);
  assert.match(alone.markdown, /; \* marks the baseline\./);
  const relations = /^## Recall and relation distance/;
  assert.equal(section(beside.markdown, relations), section(alone.markdown, relations));
  assert.notEqual(section(alone.markdown, relations), "");
});

Deno.test("stages without variants are held beside each other", async () => {
  using folder = temporaryFolder();
  const options = { variants: ["none"], seeds: 1, images: 12, again: true };
  await storeReported(folder.path, options);
  const { page } = await reportOf(folder.path);
  assert.match(page, /the evaluations answer most differently/);
  for (const stage of ["recall", "recall_again"]) {
    assert.ok(page.includes(`<strong>${stage}</strong>: `), stage);
  }
});

Deno.test("stages are told apart at whatever K they were asked for", async () => {
  using folder = temporaryFolder();
  const options = { variants: ["none", "singular"], seeds: 3, images: 12, again: true };
  await storeReported(folder.path, { ...options, recallAt: [3] });
  const { page } = await reportOf(folder.path);
  assert.match(page, /the variants of <code>recall<\/code> answer most differently/);
  assert.doesNotMatch(page, /of 6 runs/);
});

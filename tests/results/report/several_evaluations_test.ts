/** Several stages evaluate the same models: their ranks are never mixed. */
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

Deno.test("differences are shown by stage; queries and relations are those of one stage", async () => {
  using one = temporaryFolder();
  using two = temporaryFolder();
  const options = { variants: ["none", "singular"], seeds: 3, images: 12 };
  await storeReported(one.path, options);
  await storeReported(two.path, { ...options, again: true });
  const [single, both] = [await reportOf(one.path), await reportOf(two.path)];

  const differences = section(both.markdown, /^## Differences/);
  for (const stage of ["recall", "recall_again"]) {
    assert.ok(differences.includes(`| ${stage} | singular | test | i→t R@1 |`), differences);
  }
  assert.doesNotMatch(section(single.markdown, /^## Differences/), /\| stage \|/);

  // A variant has three runs of the stage, not six of two.
  assert.match(both.page, /correct in \d of 3 seeds/);
  assert.doesNotMatch(both.page, /of 6 runs/);
  assert.match(both.page, /the variants of <code>recall<\/code> differ most/);
  assert.match(single.page, /; \* marks the baseline/);
  assert.match(single.markdown, /; \* marks the baseline\./);
  const relations = /^## Recall and relation distance/;
  assert.equal(section(both.markdown, relations), section(single.markdown, relations));
  assert.notEqual(section(single.markdown, relations), "");
});

Deno.test("stages without variants are compared with each other", async () => {
  using folder = temporaryFolder();
  const options = { variants: ["none"], seeds: 1, images: 12, again: true };
  await storeReported(folder.path, options);
  const { page } = await reportOf(folder.path);
  assert.match(page, /the evaluations differ most/);
  for (const stage of ["recall", "recall_again"]) {
    assert.ok(page.includes(`<strong>${stage}</strong>: `), stage);
  }
});

Deno.test("stages are kept apart for any requested K", async () => {
  using folder = temporaryFolder();
  const options = { variants: ["none", "singular"], seeds: 3, images: 12, again: true };
  await storeReported(folder.path, { ...options, recallAt: [3] });
  const { page } = await reportOf(folder.path);
  assert.match(page, /the variants of <code>recall<\/code> differ most/);
  assert.doesNotMatch(page, /of 6 runs/);
});

/** Every metric that an evaluation writes reaches the report. */
import assert from "node:assert/strict";
import { furtherKinds, mainKinds } from "../../../results/text/metric_tables.ts";
import { madeReport } from "../../support/made_report.ts";

Deno.test("recalls are shown at the requested K, in order", async () => {
  const { printed, markdown, page } = await madeReport({
    variants: ["none", "sparse"],
    seeds: 1,
    recallAt: [20, 3],
  });
  assert.match(printed, /\n +i→t R@3 +R@20 +t→i R@3 +R@20\nnone \* /);
  assert.match(markdown, /\| {2}\| i→t R@3 \| i→t R@20 \| t→i R@3 \| t→i R@20 \|/);
  assert.ok(page.includes(">i→t R@3</button>"));
  // Differences from the baseline and charts against distances use these K, too.
  assert.match(printed, /\n {2}sparse {2}i→t R@3 .*\n {10}t→i R@3 /);
  const differences = markdown.split(/^(?=## )/m).find((part) =>
    part.startsWith("## Differences")
  )!;
  const compared = [...differences.matchAll(/\| (i→t|t→i) R@(\d+) \|/g)];
  assert.deepEqual(
    compared.map(([, direction, k]) => `${direction} ${k}`),
    ["i→t 3", "i→t 20", "t→i 3", "t→i 20"],
  );
  assert.match(page, /mean R@3, percent/);
  assert.doesNotMatch(page, /mean R@1/);
  const { printed: many } = await madeReport({
    variants: ["none"],
    seeds: 3,
    recallAt: [1, 2, 3, 4, 5, 10, 20, 50],
  });
  assert.match(many, /t→i R@1 +R@2 +R@3/);
  assert.ok(
    many.split("\n").filter((line) => !line.startsWith("wrote"))
      .every((line) => line.length <= 80),
  );
});

Deno.test("ranks, folds, additional correct answers and two-stage ranking have their own tables", async () => {
  const { markdown, page } = await madeReport({
    variants: ["none", "sparse"],
    seeds: 2,
    metrics: {
      rsum: 3.5,
      i2t_median_rank: 2.5,
      fold2_t2i_r1: 0.5,
      fold2_rsum: 4,
      positives_i2t_map_at_r: 0.25,
      rerank_i2t_r1: 0.125,
      rerank_lost_i2t_r1: 0.075,
      rerank_rsum: 3,
      rerank_i2t_found: 0.875,
      rerank_pairs: 0.1,
      release_i2t_r1: 0.3,
    },
  });
  const table = (title: string) =>
    markdown.split(/^(?=## )/m).find((part) => part.startsWith(`## recall on test: ${title}`)) ??
      "";
  assert.match(
    table("ranks"),
    /\| {2}\| i2t_median_rank \|\n.*\n\| none \\\* \| 2\.500 ±0\.000 \|\n/,
  );
  // The sum is next to the recalls and in percent like them.
  assert.match(markdown, /\| t→i R@10 \| rsum \|\n.*\n\| none \\\* \|.* \| 350\.0 ±0\.0 \|\n/);
  assert.match(table("mean over 2 folds"), /\| fold2_t2i_r1 \| fold2_rsum \|\n.*\n.*\| 50\.0 ±/);
  assert.match(
    table("with further correct answers"),
    /\| positives_i2t_map_at_r \|\n.*\n.*\| 25\.0 ±/,
  );
  assert.match(
    table("two-stage ranking"),
    /\| i2t_r1 \| rerank_i2t_r1 \| rerank_lost_i2t_r1 \| rsum \| rerank_rsum \| rerank_i2t_found \| rerank_pairs \|/,
  );
  assert.match(
    table("two-stage ranking"),
    /\| none \\\* \| \d+\.\d ±\d\.\d \| 12\.5 ±0\.0 \| 7\.5 ±0\.0 \| 350\.0 ±0\.0 \| 300\.0 /,
  );
  assert.match(table("as computed by the published release"), /30\.0 ±0\.0/);
  for (const name of ["rerank_lost_i2t_r1", "fold2_rsum", "positives_i2t_map_at_r"]) {
    assert.ok(page.includes(`>${name}</button>`), name);
  }
});

Deno.test("every metric that docs/evaluation.md describes is in a table", () => {
  const text = Deno.readTextFileSync(new URL("../../../docs/evaluation.md", import.meta.url));
  const names = text.split("\n").filter((line) => /^\| `/.test(line))
    .flatMap((line) => [...line.split("|")[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  assert.ok(names.length > 15);
  const found = new Set([...names, "fold5_rsum", "rerank_pairs"]);
  const shown = new Set(
    [...mainKinds(found), ...furtherKinds(found)]
      .flatMap(({ columns }) => columns.map(({ metric }) => metric)),
  );
  assert.deepEqual(names.filter((name) => !shown.has(name)), []);
});

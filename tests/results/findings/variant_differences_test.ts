/** What is said of a difference from the baseline, in words. */
import assert from "node:assert/strict";
import { madeReport } from "../../support/made_report.ts";

/** What the folder of each evaluation's rows is. */
const evaluationRows = (root: string) =>
  [...Deno.readDirSync(`${root}/artifacts/evaluate`)]
    .map(({ name }) => `${root}/artifacts/evaluate/${name}/artifact/rows`);

const write = (rows: string, table: string, values: readonly object[]) =>
  Deno.writeTextFileSync(
    `${rows}/${table}.jsonl`,
    values.map((value) => `${JSON.stringify(value)}\n`).join(""),
  );

/** Every query finds its answer at once, whatever the variant. */
async function differencesOf() {
  const { markdown, page } = await madeReport({
    variants: ["none", "sparse"],
    seeds: 2,
    images: 8,
  }, {
    change(root) {
      for (const rows of evaluationRows(root)) {
        const read = (table: string) =>
          Deno.readTextFileSync(`${rows}/${table}.jsonl`).trimEnd().split("\n")
            .map((line) => JSON.parse(line));
        write(rows, "query_rank", read("query_rank").map((row) => ({ ...row, rank: 1 })));
        write(
          rows,
          "pair_score",
          [1, 2, 3].map((pair) => ({
            pair: `p${pair}`,
            text_right: true,
            image_right: false,
            group_right: false,
          })),
        );
        const pairs = ["image", "group"]
          .map((part) => ({ name: `pair_${part}`, split: "swap", value: 0 }));
        write(rows, "metric", [...read("metric"), ...pairs]);
      }
    },
  });
  const told = markdown.split(/^(?=## )/m).find((part) => part.startsWith("## Differences")) ?? "";
  return { told, page };
}

Deno.test("where no image differs, a difference is not said to be chance", async () => {
  const { told, page } = await differencesOf();
  assert.match(told, /\| i→t R@1 \| 0\.0 \| 2 \| 0\.0 … 0\.0 \| 1\.000 \| no difference seen \|/);
  assert.doesNotMatch(told, /\| may be chance \|/);
  assert.match(page, /<td>no difference seen<\/td>/);
});

Deno.test("scores of pairs have one name in all tables", async () => {
  const { told, page } = await differencesOf();
  assert.match(told, /\| swap \| pairs: text \|/);
  assert.doesNotMatch(told, /pair_text/);
  assert.match(page, /<td>pairs: text<\/td>/);
  assert.doesNotMatch(page, /<td>pair_text<\/td>/);
});

Deno.test("without ranks, seeds alone are compared, and nothing is chance either", async () => {
  const { markdown } = await madeReport({ variants: ["none", "sparse"], seeds: 3 }, {
    change(root) {
      for (const rows of evaluationRows(root)) {
        write(rows, "query_rank", []);
        write(rows, "metric", [{ name: "i2t_r1", split: "test", value: 0.5 }]);
      }
    },
  });
  assert.match(
    markdown,
    /\| sparse \| test \| i→t R@1 \| 0\.0 \| 3 \| 0\.0 … 0\.0 \| {2}\| no difference seen \|/,
  );
});

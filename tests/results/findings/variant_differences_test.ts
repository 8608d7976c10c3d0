/** How reports describe differences from the baseline. */
import assert from "node:assert/strict";
import { madeReport } from "../../support/made_report.ts";
import { writeToArtifact } from "../../support/resealed.ts";

/** The folder of each evaluation. */
const evaluations = (root: string) =>
  [...Deno.readDirSync(`${root}/artifacts/evaluate`)]
    .map(({ name }) => `${root}/artifacts/evaluate/${name}`);

const write = (folder: string, table: string, values: readonly object[]) =>
  writeToArtifact(
    folder,
    `rows/${table}.jsonl`,
    values.map((value) => `${JSON.stringify(value)}\n`).join(""),
  );

/** Every query has its correct answer at rank 1, in every variant. */
async function differencesOf() {
  const { markdown, page } = await madeReport({
    variants: ["none", "sparse"],
    seeds: 2,
    images: 8,
  }, {
    change(root) {
      for (const folder of evaluations(root)) {
        const read = (table: string) =>
          Deno.readTextFileSync(`${folder}/artifact/rows/${table}.jsonl`).trimEnd().split("\n")
            .map((line) => JSON.parse(line));
        write(folder, "query_rank", read("query_rank").map((row) => ({ ...row, rank: 1 })));
        write(
          folder,
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
        write(folder, "metric", [...read("metric"), ...pairs]);
      }
    },
  });
  const section = markdown.split(/^(?=## )/m).find((part) => part.startsWith("## Differences")) ??
    "";
  return { section, page };
}

Deno.test("where no image differs, the verdict is that no difference was observed", async () => {
  const { section, page } = await differencesOf();
  assert.match(
    section,
    /\| i→t R@1 \| 0\.0 \| 2 \| 0\.0 … 0\.0 \| 1\.000 \| 1\.000 \(≥ 0\.500\) \| no difference observed \|/,
  );
  assert.doesNotMatch(section, /\| not significant \|/);
  assert.match(page, /<td>no difference observed<\/td>/);
});

Deno.test("accuracies on pairs have the same name in all tables", async () => {
  const { section, page } = await differencesOf();
  assert.match(section, /\| swap \| pairs: text \|/);
  assert.doesNotMatch(section, /pair_text/);
  assert.match(page, /<td>pairs: text<\/td>/);
  assert.doesNotMatch(page, /<td>pair_text<\/td>/);
});

Deno.test("without ranks, only seeds are compared, with the same verdict", async () => {
  const { markdown } = await madeReport({ variants: ["none", "sparse"], seeds: 3 }, {
    change(root) {
      for (const folder of evaluations(root)) {
        write(folder, "query_rank", []);
        write(folder, "metric", [{ name: "i2t_r1", split: "test", value: 0.5 }]);
      }
    },
  });
  assert.match(
    markdown,
    /\| sparse \| test \| i→t R@1 \| 0\.0 \| 3 \| 0\.0 … 0\.0 \| {2}\| no difference observed \|/,
  );
});

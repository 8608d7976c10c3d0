/** What is said of a difference from the baseline, in words. */
import assert from "node:assert/strict";
import { reportCommand } from "../../../results/report/report_command.ts";
import { reportedExperiment, storeReported } from "../../support/reported_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** Every query finds its answer at once, whatever the variant. */
async function differencesOf() {
  using folder = temporaryFolder();
  const root = folder.path;
  await storeReported(root, { variants: ["none", "sparse"], seeds: 2, images: 8, pictures: false });
  for (const { name } of Deno.readDirSync(`${root}/artifacts/evaluate`)) {
    const artifact = `${root}/artifacts/evaluate/${name}/artifact/rows`;
    const ranks = Deno.readTextFileSync(`${artifact}/query_rank.jsonl`).trimEnd().split("\n")
      .map((line) => ({ ...JSON.parse(line), rank: 1 }));
    const write = (table: string, rows: readonly object[]) =>
      Deno.writeTextFileSync(
        `${artifact}/${table}.jsonl`,
        rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
      );
    write("query_rank", ranks);
    write(
      "pair_score",
      [1, 2, 3].map((pair) => ({
        pair: `p${pair}`,
        text_right: true,
        image_right: false,
        group_right: false,
      })),
    );
    const metrics = Deno.readTextFileSync(`${artifact}/metric.jsonl`);
    const pairs = ["image", "group"]
      .map((part) => JSON.stringify({ name: `pair_${part}`, split: "swap", value: 0 }));
    Deno.writeTextFileSync(`${artifact}/metric.jsonl`, `${metrics}${pairs.join("\n")}\n`);
  }
  const out = `${root}/out`;
  const request = {
    experiment: reportedExperiment,
    set: [],
    commands: { task: "deno task", option: "" },
    out,
  };
  await reportCommand(root, request, { warn() {} });
  const [markdown, page] = ["report.md", "report.html"]
    .map((file) => Deno.readTextFileSync(`${out}/${file}`));
  const told = markdown!.split(/^(?=## )/m).find((part) => part.startsWith("## Differences")) ?? "";
  return { told, page: page! };
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
  using folder = temporaryFolder();
  const root = folder.path;
  await storeReported(root, { variants: ["none", "sparse"], seeds: 3, pictures: false });
  for (const { name } of Deno.readDirSync(`${root}/artifacts/evaluate`)) {
    const rows = `${root}/artifacts/evaluate/${name}/artifact/rows`;
    Deno.writeTextFileSync(`${rows}/query_rank.jsonl`, "");
    Deno.writeTextFileSync(
      `${rows}/metric.jsonl`,
      `${JSON.stringify({ name: "i2t_r1", split: "test", value: 0.5 })}\n`,
    );
  }
  const out = `${root}/out`;
  const request = {
    experiment: reportedExperiment,
    set: [],
    commands: { task: "deno task", option: "" },
    out,
  };
  await reportCommand(root, request, { warn() {} });
  assert.match(
    Deno.readTextFileSync(`${out}/report.md`),
    /\| sparse \| test \| i→t R@1 \| 0\.0 \| 3 \| 0\.0 … 0\.0 \| {2}\| no difference seen \|/,
  );
});

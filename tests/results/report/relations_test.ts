/** The report's section on relations, in both forms. */
import assert from "node:assert/strict";
import { askDatabase } from "../../../results/query.ts";
import {
  queryCorrelations,
  type RankedCaption,
} from "../../../results/report/query_correlations.ts";
import { estimateText } from "../../../results/report/query_correlation_text.ts";
import { reportCommand } from "../../../results/report/report_command.ts";
import {
  reportedExperiment,
  type ReportedOptions,
  storeReported,
} from "../../support/reported_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** Makes a report; `ask` puts a query to its database. */
async function withReport(
  options: ReportedOptions,
  use: (made: {
    page: string;
    markdown: string;
    ask(sql: string): Promise<Record<string, unknown>[]>;
  }) => Promise<void> | void,
): Promise<void> {
  using folder = temporaryFolder();
  await storeReported(folder.path, { pictures: false, ...options });
  const out = `${folder.path}/out`;
  const request = { experiment: reportedExperiment, set: [], out, resultsOption: "" };
  await reportCommand(folder.path, request, { warn() {} });
  await use({
    page: Deno.readTextFileSync(`${out}/report.html`),
    markdown: Deno.readTextFileSync(`${out}/report.md`),
    ask: async (sql) =>
      JSON.parse(
        await askDatabase(folder.path, sql, { format: "json", width: 80, warn: assert.fail }),
      ),
  });
}

/** The cells of a table, row by row. */
function tableOf(page: string, id: string): string[][] {
  const [, table] = new RegExp(`<table id="${id}"([^]*?)</table>`).exec(page) ?? [];
  assert.ok(table !== undefined, `no table ${id}`);
  return [...table.matchAll(/<tr[ >]([^]*?)<\/tr>/g)].map(([, row]) =>
    [...row!.matchAll(/<t[hd][ >][^]*?<\/t[hd]>/g)].map(([cell]) =>
      cell.replace(/<[^>]*>/g, "").trim()
    )
  );
}

function plainText(page: string): string {
  return page.replace(/<[^>]*>/g, "").replace(/\s+/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

const several = { variants: ["none", "singular"], seeds: 2, images: 12 };

Deno.test("the plain and the partial correlation stand beside each other, from the rows of the SQL below", () =>
  withReport(several, async ({ page, ask }) => {
    const [head, ...rows] = tableOf(page, "query-correlations");
    assert.deepEqual(head!.slice(0, 4), ["variant", "layer", "rho", "rho given objects"]);
    const block = page.slice(page.indexOf(`id="query-correlations"`));
    const [, shown] = /<pre[^>]*><code>([^]*?)<\/code>/.exec(block)!;
    const [, sql] = /task sql "([^]*)"/.exec(plainText(shown!))!;
    const captions = await ask(sql!) as unknown as RankedCaption[];
    assert.deepEqual(Object.keys(captions[0]!), [
      "run",
      "variant",
      "layer",
      "text",
      "image",
      "isda",
      "objects",
      "rank",
    ]);
    const again = queryCorrelations(captions);
    assert.deepEqual(
      rows.map((row) => row.slice(0, 4)),
      again.map(({ variant, layer, plain, partial }) => [
        variant,
        String(layer),
        estimateText(plain),
        estimateText(partial),
      ]),
    );
    assert.match(rows[0]![3]!, /^[+−]?\d\.\d\d \[[+−]?\d\.\d\d, [+−]?\d\.\d\d\]$/);
    assert.match(plainText(page), /captions with more annotated objects differ in both/);
  }));

Deno.test("correlations over models stand with p and a caution, on the page and in Markdown", () =>
  withReport({ ...several, seeds: 4 }, ({ page, markdown }) => {
    const [head, first] = tableOf(page, "correlations");
    assert.deepEqual(head!.slice(2), ["layer", "rho", "p", "within variants", "models"]);
    assert.match(first![4]!, /^[01]\.\d+$/);
    assert.match(first![5]!, /^[+−]?\d\.\d\d \(p \d\.\d+\)$/);
    for (const text of [plainText(page), markdown]) {
      assert.match(text, /3 correlations were looked at, .* over 8 models at most/);
      assert.match(text, /Rho over all models mixes 2 variants/);
    }
    assert.match(
      markdown,
      /\| ISDa \| {2}\| 1 \| [+−\d.]+ \| [\d.]+ \| [+−\d.]+ \(p [\d.]+\) \| 8 \|/,
    );
    assert.match(markdown, /### ISDa and rank of single captions\n\nIn layer 1 the plain/);
    assert.match(plainText(page), /Rank correlation [+−\d.]+ \(p [\d.]+\) over 8 models of 2 /);
  }));

Deno.test("distances that span more than a factor of ten have a logarithmic axis, which says so", async () => {
  await withReport(several, ({ page }) => {
    assert.ok(page.includes("ISD over words, nats per row<"));
    assert.ok(!page.includes("(log scale)"));
  });
  const distance = (variant: number) => variant === 0 ? 0.5 : 0.002;
  await withReport({ ...several, distance }, ({ page }) => {
    assert.ok(page.includes("ISD over words, nats per row (log scale)"));
    assert.ok(page.includes("ISDa, nats per row<"));
  });
});

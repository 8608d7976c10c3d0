/** The report's section on relations, on the page and in Markdown. */
import assert from "node:assert/strict";
import { queryDatabase } from "../../../results/queries/sql.ts";
import {
  queryCorrelations,
  type RankedCaption,
} from "../../../results/findings/query_correlations.ts";
import { estimateText } from "../../../results/findings/query_correlation_text.ts";
import { reportOf } from "../../support/made_report.ts";
import { type ReportedOptions, storeReported } from "../../support/reported_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** Writes a report; `ask` queries its database. */
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
  await use({
    ...await reportOf(folder.path),
    ask: async (sql) =>
      JSON.parse(
        await queryDatabase(folder.path, sql, { format: "json", width: 80, warn: assert.fail }),
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

Deno.test("plain and partial correlations are computed from the rows of the SQL shown below them", () =>
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
    assert.match(plainText(page), /The number of annotated objects is a confounder/);
  }));

Deno.test("correlations over models have p and a caution, on the page and in Markdown", () =>
  withReport({ ...several, seeds: 4 }, ({ page, markdown }) => {
    const [head, first] = tableOf(page, "correlations");
    assert.deepEqual(head!.slice(2), ["layer", "rho", "p", "rho within variants", "models"]);
    assert.match(first![4]!, /^[01]\.\d+$/);
    assert.match(first![5]!, /^[+−]?\d\.\d\d \(p \d\.\d+\)$/);
    for (const text of [plainText(page), markdown]) {
      assert.match(text, /3 correlations of related measures were tested, over at most 8 models/);
      assert.match(text, /Rho over all models mixes 2 variants/);
    }
    assert.match(
      markdown,
      /\| ISDa \| {2}\| 1 \| [+−\d.]+ \| [\d.]+ \| [+−\d.]+ \(p [\d.]+\) \| 8 \|/,
    );
    assert.match(markdown, /### ISDa and rank of single captions\n\nIn layer 1, the correlation/);
    assert.match(plainText(page), /Rank correlation [+−\d.]+ \(p [\d.]+\) over 8 models of 2 /);
  }));

Deno.test("distances that span more than a factor of ten have a labelled logarithmic axis", async () => {
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

Deno.test("figures show the last of several layers, and tables show all", () =>
  withReport({ ...several, layers: [0, 1, 2] }, ({ page }) => {
    const [head, ...rows] = tableOf(page, "distances-by-layer");
    assert.deepEqual(head, ["variant", "distance", "layer 0", "layer 1", "layer 2"]);
    assert.deepEqual(rows.map(([variant, distance]) => `${variant}: ${distance}`), [
      "none: ISDa",
      "none: ISD over words, singular",
      "none: ISD over words, distributed",
      "singular: ISDa",
      "singular: ISD over words, singular",
      "singular: ISD over words, distributed",
    ]);
    // The made-up ISDa rises by 0.1 from layer to layer.
    const [first, second, third] = rows[0]!.slice(2).map(Number);
    assert.ok(Math.abs(second! - first! - 0.1) < 2e-3 && Math.abs(third! - second! - 0.1) < 2e-3);
    const text = plainText(page);
    assert.match(text, /The figures show the last layer, 2; the tables have 3 layers\./);
    assert.match(text, /Recall against ISDa, layer 2\./);
    assert.doesNotMatch(text, /Recall against ISDa, layer [01]\./);
    const numbers = tableOf(page, "scatter-isda-singular-numbers");
    assert.equal(numbers.length, 1 + 4, "a row per model");
    const layersOf = (
      id: string,
      column: number,
    ) => [...new Set(tableOf(page, id).slice(1).map((row) => row[column]))];
    assert.deepEqual(layersOf("query-correlations", 1), ["0", "1", "2"]);
    assert.deepEqual(layersOf("correlations", 2), ["0", "1", "2"]);
  }));

Deno.test("entropy and relative distances are shown by layer, on the page and in Markdown", () =>
  withReport(
    { ...several, attention: true, layers: [0, 1], distance: () => 0.5 },
    ({ page, markdown }) => {
      const [head, ...rows] = tableOf(page, "attention-says");
      assert.deepEqual(head, [
        "variant",
        "layer",
        "entropy, words",
        "entropy, regions",
        "entropy, words to regions",
        "relative ISD over words, singular",
        "relative ISD over regions, singular",
        "relative ISD over words, distributed",
        "relative ISD over regions, distributed",
        "models",
      ]);
      const rest = ["0.500", "0.625", "0.500", "1.000", "0.500", "1.000", "2"];
      const expected = [
        ["none", "0", "0.750", ...rest],
        ["none", "1", "0.875", ...rest],
        ["singular", "0", "1.000", ...rest],
        ["singular", "1", "1.000", ...rest],
      ];
      assert.deepEqual(rows, expected);
      assert.match(plainText(page), /Near 1 the attention says nothing/);
      for (const row of expected) {
        assert.ok(markdown.includes(`| ${row.join(" | ")} |`), markdown);
      }
    },
  ));

Deno.test("a report of one layer has no table by layer", () =>
  withReport(several, ({ page }) => {
    assert.ok(
      !page.includes("distances-by-layer") && !page.includes("The figures show the last layer"),
    );
  }));

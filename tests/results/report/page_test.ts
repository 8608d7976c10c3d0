/**
 * The page in a real browser: no error, no request, every chart drawn, tables sort, the viewer shows.
 * Skipped where no Chromium is installed (or named by CHROMIUM). Screenshots lie in .cache/screenshots.
 */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { reportCommand } from "../../../results/report/report_command.ts";
import { browserProgram, withBrowser } from "../../support/browser.ts";
import {
  reportedExperiment,
  type ReportedOptions,
  storeReported,
} from "../../support/reported_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

if (browserProgram === undefined) {
  console.log("no Chromium is installed (name one with CHROMIUM): pages are not looked at");
}

const variants = ["none", "singular", "distributed", "sparse"];
/** Of further tables, one wider than the page. */
const metrics = Object.fromEntries(
  ["rsum", "i2t_mrr", "fold5_rsum"].concat(
    ["i2t", "t2i"].flatMap((direction) =>
      [1, 5, 10].flatMap((k) =>
        ["rerank_", "rerank_lost_"].map((before) => `${before}${direction}_r${k}`)
      )
    ),
  ).map((name) => [name, 0.25]),
);
const screenshots = new URL("../../../.cache/screenshots/", import.meta.url);

/** Makes a report and opens its page; what the browser complains of ends in `troubles`. */
async function withPage(
  options: ReportedOptions,
  use: (page: Page, opened: { troubles: string[]; browser: Browser; url: string }) => Promise<void>,
  context: Parameters<Browser["newPage"]>[0] = {},
): Promise<void> {
  using folder = temporaryFolder();
  await storeReported(folder.path, options);
  const out = `${folder.path}/out`;
  await reportCommand(folder.path, {
    experiment: reportedExperiment,
    set: [],
    out,
    resultsOption: "",
  }, { warn() {} });
  await withBrowser(async (browser) => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, ...context });
    const url = `file://${encodeURI(out)}/report.html`;
    const troubles: string[] = [];
    page.on("console", (message) => {
      if (message.type() !== "log") troubles.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("dialog", (dialog) => {
      troubles.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => {
      const asked = request.url();
      if (asked !== url && !asked.startsWith("data:")) troubles.push(`request: ${asked}`);
    });
    await page.goto(url);
    await page.locator("#viewer-first svg.cross").waitFor();
    await use(page, { troubles, browser, url });
    assert.deepEqual(troubles, []);
  });
}

const test = (name: string, run: () => Promise<void>) =>
  Deno.test({ name, ignore: browserProgram === undefined, fn: run, sanitizeResources: false });

test("the page opens from the disk, draws every chart, and asks nobody for anything", () =>
  withPage({ variants, seeds: 2, compare: "flickr30k_1k" }, async (page) => {
    const charts = await page.locator("svg.chart").all();
    assert.ok(charts.length >= 8, `${charts.length} charts`);
    for (const chart of charts) {
      const name = await chart.getAttribute("aria-labelledby");
      assert.ok((await chart.boundingBox())!.height > 50, name!);
      assert.ok(await chart.locator("path, line, rect").count() > 5, name!);
      assert.notEqual(await chart.locator("title").first().textContent(), "");
    }
    assert.equal(await page.locator("figure").count(), charts.length - 1);
    assert.equal(await page.locator(".example").count(), 12);
    const picture = page.locator(".example img").first();
    assert.ok(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth > 0));
    const text = await page.locator("#results").innerText();
    assert.match(text, /UNITER-large/);
    assert.match(text, /Not comparable/);
  }));

test("tables sort by value, and say how they are sorted", () =>
  withPage({ variants, seeds: 2 }, async (page) => {
    const table = page.locator("#headline-0");
    const names = () => table.locator("tbody th").allInnerTexts();
    assert.deepEqual(await names(), ["none *", "singular", "distributed", "sparse"]);
    const head = table.locator("thead th", { hasText: "i→t R@1" }).first();
    await head.locator("button").click();
    assert.equal(await head.getAttribute("aria-sort"), "descending");
    assert.deepEqual(await names(), ["sparse", "distributed", "singular", "none *"]);
    await head.locator("button").press("Enter");
    assert.equal(await head.getAttribute("aria-sort"), "ascending");
    assert.deepEqual(await names(), ["none *", "singular", "distributed", "sparse"]);
    await table.locator("thead th button").first().click();
    assert.deepEqual(await names(), ["distributed", "none *", "singular", "sparse"]);
    assert.equal(await head.getAttribute("aria-sort"), null);
  }));

test("numbers copy as a spreadsheet takes them", () =>
  withPage({ variants, seeds: 1 }, async (page) => {
    await page.locator("[data-copies=headline-0]").click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^variant\ti→t R@1\ti→t R@5\t.*\nnone \*\t25\.0\t41\.0\t/);
  }, { permissions: ["clipboard-read", "clipboard-write"] }));

test("the viewer shows any pair, layer and variant, by mouse and by keyboard", () =>
  withPage({ variants, seeds: 1 }, async (page) => {
    const panel = page.locator("#viewer-first");
    assert.equal(await panel.locator("table.matrix").count(), 5);
    assert.match(await panel.innerText(), /none, layer 1/);
    assert.match(
      await page.locator("#viewer-distance").innerText(),
      /none: ISD by singular 0\.5 over words, 0\.25 over regions, ISDa 0\.25/,
    );
    const labels = () => panel.locator("table.matrix").first().locator("tbody th").allInnerTexts();
    assert.deepEqual(await labels(), ["caption", "0", "of", "image", "0"]);
    const cells = () => panel.locator("table.matrix").nth(1).locator("td").allInnerTexts();
    const before = await cells();
    await page.selectOption("#viewer-variant", { label: "sparse" });
    await panel.locator("h3", { hasText: "sparse, layer 1" }).waitFor();
    assert.notDeepEqual(await cells(), before);
    await page.selectOption("#viewer-layer", "0");
    await page.selectOption("#viewer-pair", { index: 1 });
    await panel.locator("p", { hasText: "caption 0 of image 1" }).waitFor();
    assert.deepEqual((await labels()).at(-1), "1");
    await page.selectOption("#viewer-other", { label: "none" });
    assert.ok(await page.locator("#viewer-second svg.cross").isVisible());

    const word = panel.locator(".word").nth(1);
    const lines = () => panel.locator("svg.cross line").count();
    await word.focus();
    await page.keyboard.press("Enter");
    assert.equal(await word.getAttribute("aria-pressed"), "true");
    assert.equal(await lines(), 2);
    await panel.locator(".region").first().click();
    assert.equal(await word.getAttribute("aria-pressed"), "false");
    assert.equal(await lines(), 5);
  }));

test("names from outside are shown as they are, and do nothing", () => {
  const hostile = `<img src=x onerror="alert(1)">`;
  return withPage({
    variants: [`"><script>alert(2)</script>`, hostile, "javascript:alert(3)", "</style><b>"],
    seeds: 1,
    caption: (image, which) => `</script><script>alert(${image}${which})</script> <!-- ${hostile}`,
    imageId: (image) => `../${hostile}${image}'`,
  }, async (page) => {
    assert.equal(await page.locator("b, img[src=x], img[onerror]").count(), 0);
    assert.equal(await page.locator("script").count(), 2);
    assert.match(await page.locator("#headline-0").innerText(), /<img src=x onerror="alert\(1\)">/);
    assert.match(
      await page.locator(".example").first().innerText(),
      /<\/script><script>alert\(\d\d\)<\/script> <!--/,
    );
    assert.match(await page.locator("#viewer-first").innerText(), /<script>alert/);
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1200, 400]) {
    test(`nothing serious is wrong for those who need help: ${colorScheme}, ${width} wide`, () =>
      withPage({ variants, seeds: 2, compare: "flickr30k_1k", metrics }, async (page) => {
        await page.evaluate(() => {
          for (const details of document.querySelectorAll("details")) details.open = true;
        });
        Deno.mkdirSync(screenshots, { recursive: true });
        const path = new URL(`report-${colorScheme}-${width}.png`, screenshots);
        await page.screenshot({ path: decodeURIComponent(path.pathname), fullPage: true });
        assert.equal(
          await page.evaluate(() => document.documentElement.scrollWidth),
          width,
          "the page does not scroll sideways",
        );
        // Not by an element, which the page's policy forbids.
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() =>
          (globalThis as unknown as { axe: typeof axe }).axe.run()
        );
        const found = violations.filter(({ impact }) =>
          impact === "serious" || impact === "critical"
        ).map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html).join(" ")}`);
        assert.deepEqual(found, []);
      }, { colorScheme, viewport: { width, height: 900 } }));
  }
}

/**
 * The page in a real browser: no errors, no requests, charts, sorting, the attention viewer. Skipped
 * where no Chromium is installed (or named by CHROMIUM). Screenshots are in .cache/screenshots. Over 300
 * lines: all tests open a page with the same helper and share its data.
 */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { reportCommand } from "../../../../results/report/report_command.ts";
import { browserProgram, launchBrowser } from "../../../support/browser.ts";
import {
  reportedExperiment,
  type ReportedOptions,
  storeReported,
} from "../../../support/reported_results.ts";
import { isLong } from "../../../support/long_test.ts";
import { type TemporaryFolder, temporaryFolder } from "../../../support/temporary_folder.ts";

if (browserProgram === undefined) {
  console.log("no Chromium is installed (name one with CHROMIUM): page tests are skipped");
}

const variants = ["none", "singular", "distributed", "sparse"];
/** Metrics for further tables, one of them wider than the page. */
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

/** Folders with the pages of options, and the browser: the tests of this file share them. */
const pages = new Map<string, { folder: TemporaryFolder; url: Promise<string> }>();
let browser: Promise<Browser> | undefined;

Deno.test.afterAll(async () => {
  await (await browser)?.close();
  for (const { folder } of pages.values()) folder[Symbol.dispose]();
});

/** The address of a report's page. Options with functions never share a page. */
function pageOf(options: ReportedOptions): Promise<string> {
  const key = Object.values(options).some((value) => typeof value === "function")
    ? `${pages.size}`
    : JSON.stringify(options);
  const known = pages.get(key);
  if (known !== undefined) return known.url;
  const folder = temporaryFolder();
  const write = async () => {
    await storeReported(folder.path, options);
    const out = `${folder.path}/out`;
    await reportCommand(folder.path, {
      experiment: reportedExperiment,
      set: [],
      out,
      commands: { task: "deno task", option: "" },
    }, { warn() {} });
    return `file://${encodeURI(out)}/report.html`;
  };
  const url = write();
  pages.set(key, { folder, url });
  return url;
}

/** Opens a report's page; errors, dialogs and requests are collected in `troubles`. */
async function withPage(
  options: ReportedOptions,
  use: (page: Page, opened: { troubles: string[]; browser: Browser; url: string }) => Promise<void>,
  settings: Parameters<Browser["newPage"]>[0] = {},
): Promise<void> {
  const url = await pageOf(options);
  browser ??= launchBrowser();
  const opened = await browser;
  const page = await opened.newPage({ viewport: { width: 1200, height: 900 }, ...settings });
  try {
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
      const requested = request.url();
      if (requested !== url && !requested.startsWith("data:")) {
        troubles.push(`request: ${requested}`);
      }
    });
    await page.goto(url);
    await page.locator("#viewer-first svg.cross").waitFor();
    await use(page, { troubles, browser: opened, url });
    assert.deepEqual(troubles, []);
  } finally {
    await page.close();
  }
}

const test = (name: string, run: () => Promise<void>) =>
  Deno.test({
    name,
    ignore: browserProgram === undefined,
    fn: run,
    // The browser stays open from one test to the next.
    sanitizeResources: false,
    sanitizeOps: false,
  });

test("the page opens from disk, draws every chart, and requests nothing", () =>
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

test("tables sort by value, and show how they are sorted", () =>
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

test("intervals sort by their lower bound", () =>
  withPage({ variants, seeds: 2 }, async (page) => {
    const table = page.locator("#differences");
    const head = table.locator("thead th", { hasText: "interval" });
    const place = await head.evaluate((cell) => (cell as HTMLTableCellElement).cellIndex);
    const lows = async () =>
      (await table.locator(`tbody td:nth-child(${place + 1})`).allInnerTexts())
        .map((text) => Number(text.split(" … ")[0]!.replace("−", "-")));
    await head.locator("button").click();
    const found = await lows();
    assert.ok(found.some((low) => low < 0) && new Set(found).size > 2, `${found}`);
    assert.deepEqual(found, found.toSorted((one, other) => other - one));
    await head.locator("button").click();
    assert.deepEqual(await lows(), found.toSorted((one, other) => one - other));
  }));

for (const width of [400, 1200]) {
  test(`content wider than the page scrolls and shows that it does: ${width} wide`, () =>
    withPage({ variants, seeds: 2 }, async (page) => {
      const hidden = await page.locator("#results .scroll, #cost-section .scroll").evaluateAll((
        places,
      ) =>
        places.map((place) => [
          place.scrollWidth > place.clientWidth + 1,
          getComputedStyle(place).maskImage !== "none",
        ])
      );
      for (const [wider, faded] of hidden) assert.equal(faded, wider);
      assert.ok(width === 1200 || hidden.some(([wider]) => wider));
      const first = page.locator("#cost-section .scroll").first();
      await first.evaluate((place) => place.scrollLeft = place.scrollWidth);
      const more = await first.evaluate((place) =>
        new Promise((done) =>
          requestAnimationFrame(() =>
            requestAnimationFrame(() => done((place as HTMLElement).dataset.more))
          )
        )
      );
      assert.equal(more, width === 1200 ? "" : "left");
      for (const chart of await page.locator("figure svg.chart").all()) {
        const { fontSize, scale } = await chart.evaluate((svg) => ({
          fontSize: parseFloat(svg.querySelector("text")!.getAttribute("font-size")!),
          scale: svg.getBoundingClientRect().width / (svg as SVGSVGElement).viewBox.baseVal.width,
        }));
        assert.ok(fontSize * scale >= 12, `labels of ${fontSize * scale} pixels`);
      }
      const code = page.locator("#commands .code").first();
      const [button, text] = await Promise.all(
        ["button", "pre"].map((part) => code.locator(part).boundingBox()),
      );
      assert.ok(button!.x >= text!.x + text!.width, "the button does not cover text");
    }, { viewport: { width, height: 900 } }));
}

test("numbers copy in the form that spreadsheets paste", () =>
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
      /none: ISD \(singular\) 0\.5 over words, 0\.0000442 over regions, ISDa 0\.25/,
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

test("the graph's lines end in arrows and do not pass behind stages", () =>
  withPage({ variants, seeds: 1 }, async (page) => {
    const found = await page.locator("#cost-section svg.chart").evaluate((svg) => {
      const boxes = [...svg.querySelectorAll<SVGGElement>(".stage")].map((stage) => {
        const { e: x, f: y } = stage.transform.baseVal.consolidate()!.matrix;
        const rect = stage.querySelector("rect")!.getBBox();
        return { x, y, width: rect.width, height: rect.height };
      });
      const view = (svg as SVGSVGElement).viewBox.baseVal;
      return [...svg.querySelectorAll<SVGPathElement>(".edge")].map((edge) => {
        const length = edge.getTotalLength();
        const points = Array.from(
          { length: 200 },
          (_, at) => edge.getPointAtLength(length * at / 199),
        );
        return {
          arrow: getComputedStyle(edge).markerEnd,
          behind: points.filter(({ x, y }) =>
            boxes.some((box) =>
              x > box.x + 1 && x < box.x + box.width - 1 && y > box.y && y < box.y + box.height
            )
          ).length,
          outside: points.filter(({ x, y }) =>
            x < view.x || x > view.x + view.width || y < view.y || y > view.y + view.height
          ).length,
        };
      });
    });
    assert.equal(found.length, 6);
    for (const one of found) {
      assert.deepEqual(one, { arrow: 'url("#arrow")', behind: 0, outside: 0 });
    }
  }));

test("examples are of different images, those whose shown answers differ first", () =>
  withPage({ variants, seeds: 3, images: 30 }, async (page) => {
    const found = await page.locator(".example").evaluateAll((cards) =>
      cards.map((card) => ({
        direction: card.querySelector(".tag")!.textContent!.split(" ")[0]!,
        image: card.querySelector<HTMLImageElement>(".target img")!.alt,
        marks: [...card.querySelectorAll(".mark")].map(({ textContent }) => textContent),
      }))
    );
    for (const direction of ["caption", "image"]) {
      const own = found.filter((one) => one.direction === direction);
      assert.equal(new Set(own.map(({ image }) => image)).size, 6);
      for (const { marks, image } of own) assert.equal(new Set(marks).size, 2, `${image} ${marks}`);
    }
    const answers = await page.locator(".example").first().locator("li .tag").allInnerTexts();
    assert.equal(answers.length, variants.length);
    for (const answer of answers) assert.match(answer, /^correct in [0-3] of 3 seeds$/);
  }));

test("an image query shows its captions, and the best of them where it is not among the first", () =>
  withPage({ variants, seeds: 1 }, async (page) => {
    const card = page.locator(".example").filter({ has: page.locator(".target img[alt=test_3]") })
      .filter({ hasText: "image → caption" });
    await card.locator("summary").click();
    assert.deepEqual(await card.locator("header li").allInnerTexts(), [
      "caption 0 of image 3",
      "caption 1 of image 3",
    ]);
    assert.deepEqual(
      await card.locator("ul > li").first().locator("ol li").allInnerTexts(),
      ["caption 1 of image 1", "caption 0 of image 2", "correct, at rank 4: caption 0 of image 3"],
    );
  }));

test("compared attentions share one colour scale, with a legend", () =>
  withPage({ variants, seeds: 1 }, async (page) => {
    await page.selectOption("#viewer-other", { label: "sparse" });
    await page.locator("#viewer-second svg.cross").waitFor();
    const panels = page.locator(".viewer-panel");
    // Percent of heat per percent of attention, from the strongest cell of each table.
    const slopes = await panels.locator(".matrices table.matrix").evaluateAll((tables) =>
      tables.map((table) => {
        const cells = [...table.querySelectorAll<HTMLElement>("td[title]")].map((cell) => ({
          attention: Number(/: ([\d.]+) %$/.exec(cell.title)![1]),
          heat: Number(/var\(--heat\) ([\d.]+)%/.exec(cell.style.background)![1]),
        })).sort((one, other) => other.attention - one.attention);
        return cells[0]!.heat / cells[0]!.attention;
      })
    );
    assert.equal(slopes.length, 4);
    for (const slope of slopes) assert.ok(Math.abs(slope - slopes[0]!) < 0.02, `${slopes}`);
    const legends = await panels.locator(".viewer-body .heat-legend").allInnerTexts();
    const most = `${(60 / slopes[0]!).toFixed(0)} %`;
    assert.equal(legends.length, 2);
    for (const legend of legends) {
      assert.match(legend.replace(/\s+/g, " "), new RegExp(`^0 % ${most} of a row's attention`));
    }
  }));

test("S_LL and aligned S_VV are side by side", () =>
  withPage({ variants, seeds: 1 }, async (page) => {
    const [own, aligned] = await Promise.all(
      [0, 1].map((place) =>
        page.locator("#viewer-first .matrices table.matrix").nth(place).boundingBox()
      ),
    );
    assert.equal(own!.y, aligned!.y);
    assert.ok(own!.x + own!.width < aligned!.x);
  }));

test("a variant is compared with another one", () =>
  withPage({ variants, seeds: 1 }, async (page) => {
    const offered = () => page.locator("#viewer-other option").allInnerTexts();
    assert.deepEqual(await offered(), ["nothing", "singular", "distributed", "sparse"]);
    await page.selectOption("#viewer-other", { label: "sparse" });
    await page.selectOption("#viewer-variant", { label: "sparse" });
    await page.locator("#viewer-second h3", { hasText: "none, layer 1" }).waitFor();
    assert.deepEqual(await offered(), ["nothing", "none", "singular", "distributed"]);
  }));

test("lines from words to regions start at their word and do not pass behind others", () =>
  withPage({
    variants,
    seeds: 1,
    caption: (image) => `a long caption of some twenty words ${"that goes on ".repeat(5)}${image}`,
  }, async (page) => {
    const crossed = await page.locator("#viewer-first svg.cross").evaluate((svg) => {
      const words = [...svg.querySelectorAll<SVGGraphicsElement>(".word")]
        .map((word) => word.getBBox());
      return [...svg.querySelectorAll("line")].filter((line) => {
        const at = (name: string) => Number(line.getAttribute(name));
        return [0.01, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9].some((part) => {
          const x = at("x1") + part * (at("x2") - at("x1"));
          const y = at("y1") + part * (at("y2") - at("y1"));
          return words.some((word) =>
            x > word.x && x < word.x + word.width && y > word.y && y < word.y + word.height
          );
        });
      }).length;
    });
    assert.equal(crossed, 0);
    assert.ok(await page.locator("#viewer-first svg.cross line").count() > 15);
  }));

test("names from outside are shown literally, and do nothing", () => {
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

// Each takes many seconds; the long tests try all four.
for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1200, 400]) {
    if (!isLong && (colorScheme === "light" || width === 1200)) continue;
    test(`the page has no serious accessibility violations: ${colorScheme}, ${width} wide`, () =>
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
        // Not through a script element, which the page's policy forbids.
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

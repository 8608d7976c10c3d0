import assert from "node:assert/strict";
import type { AxisPoint } from "../../../../results/findings/axis_curves.ts";
import type { HeadlineTable } from "../../../../results/findings/headline.ts";
import { axesSection } from "../../../../results/report/page/page_axes.ts";

const results = { task: "deno task", results: "results" } as never;

const point = (x: number, more: Partial<AxisPoint> = {}): AxisPoint => ({
  stage: "recall",
  split: "test",
  metric: "t2i_r1",
  axis: "train_images",
  x,
  variant: "none",
  baseline: true,
  mean: x / 10_000,
  spread: 0.01,
  seeds: 5,
  ...more,
});

const tables: readonly HeadlineTable[] = [{
  stage: "recall",
  split: "test",
  title: "",
  columns: [],
  references: [{ name: "perfect", of: "oracle", value: () => ({ mean: 0.42, spread: null }) }],
  rows: [],
  seeds: 5,
}];

async function section(rows: readonly AxisPoint[]): Promise<string> {
  return (await axesSection({ what: "w", sql: "SELECT 1", rows }, { tables, results })).text;
}

Deno.test("a swept number has a figure for each metric, with intervals, oracles and its numbers", async () => {
  const page = await section([200, 800, 3200].flatMap((x) => [
    point(x),
    point(x, { variant: "sparse", baseline: false }),
    point(x, { metric: "pair_group_relation", seeds: 1, spread: null }),
  ]));
  assert.equal(page.split("<figure>").length - 1, 2);
  assert.match(page, /recall on test: t→i R@1 by train_images/);
  assert.match(page, /recall on test: relation: group by train_images/);
  assert.match(page, />perfect</);
  // 8 ± 2.776 x 1 / √5; one seed has no interval.
  assert.match(page, /8\.0 \(6\.8 … 9\.2\)/);
  const [, curves = "", pairs = ""] = page.split("<figure>");
  const marks = (drawing: string) =>
    [...drawing.matchAll(/class="mark-(\w+) role-mark /g)].map(([, mark]) => mark);
  assert.deepEqual(marks(curves), ["rule", "symbol", "line", "line", "rule", "text"]);
  assert.deepEqual(marks(pairs), ["line", "rule", "text"], "the oracle's line alone");
});

Deno.test("each figure has the names of its own axis, and says which are left out", async () => {
  const names = Array.from({ length: 20 }, (_, place) => `variant ${place}`);
  const page = await section([
    ...[1, 2, 3].flatMap((x) =>
      names.map((variant, place) => point(x, { axis: "a", variant, baseline: place === 19 }))
    ),
    ...[1, 2, 3].map((x) => point(x, { axis: "b", variant: "of b" })),
  ]);
  const [, a = "", b = ""] = page.split("<figure>");
  assert.match(a, /by a \(the first 16 variants\)/);
  assert.ok(a.includes("variant 19") && !a.includes("variant 18") && !a.includes("of b"));
  assert.ok(b.includes("of b") && !b.includes("variant 1"));
});

Deno.test("pairs together are left out where the same evaluation has several kinds", async () => {
  const kinds = ["pair_group", "pair_group_relation", "pair_group_attribute"];
  const page = await section([1, 2, 3].flatMap((x) => [
    ...kinds.map((metric) => point(x, { metric })),
    point(x, { stage: "other", metric: "pair_group" }),
    point(x, { stage: "other", metric: "pair_group_relation" }),
  ]));
  assert.equal(page.split("<figcaption>recall on test: pairs").length, 1);
  assert.equal(page.split("<figcaption>other on test: pairs").length, 2);
});

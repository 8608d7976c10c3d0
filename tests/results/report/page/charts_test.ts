import assert from "node:assert/strict";
import { chart, type ChartOptions } from "../../../../results/report/page/charts.ts";

async function labelsOf(
  points: readonly (readonly [x: number, y: number])[],
  options: Partial<ChartOptions> = {},
): Promise<{ x: string[]; y: string[]; svg: string }> {
  const svg = await chart([{ name: "", points: points.map(([x, y]) => ({ x, y })) }], {
    id: "one",
    title: "title",
    description: "description",
    x: "x",
    y: "y",
    kind: "point",
    all: [],
    ...options,
  });
  const texts = (anchor: string) =>
    [...svg!.matchAll(/<text text-anchor="(\w+)"[^>]*>([^<]*)<\/text>/g)]
      .filter(([, found, text]) => found === anchor && /\d/.test(text!)).map(([, , text]) => text!);
  return { x: texts("middle"), y: texts("end"), svg: svg! };
}

const differ = (labels: readonly string[]) => {
  assert.ok(labels.length >= 3, labels.join(" "));
  assert.equal(new Set(labels).size, labels.length, labels.join(" "));
};

Deno.test("chart() gives close ticks as many digits as distinguish them", async () => {
  const { x, y } = await labelsOf([[0.063636, 26.00001], [0.063674, 26.00009]]);
  differ(x);
  differ(y);
});

Deno.test("chart() gives distant ticks no more digits than they need", async () => {
  // The labels at the ends of the x axis are flush with it.
  const { svg } = await labelsOf([[0, 0], [200_000, 1]], { kind: "line" });
  const labels = [...svg.matchAll(/<text [^>]*>([\d.,]+)<\/text>/g)].map(([, text]) => text);
  assert.deepEqual(labels, [
    ...["0", "50,000", "100,000", "150,000", "200,000"],
    ...["0", "0.2", "0.4", "0.6", "0.8", "1"],
  ]);
});

Deno.test("chart() places equal factors at equal distances on a logarithmic axis", async () => {
  const { svg, x } = await labelsOf([[0.001, 1], [0.01, 2], [0.1, 3]], { logarithmic: true });
  const places = [...svg.matchAll(/<path transform="translate\(([\d.]+),/g)].map(([, at]) =>
    Number(at)
  );
  assert.equal(places.length, 3, svg);
  assert.ok(Math.abs(places[1]! - (places[0]! + places[2]!) / 2) < 0.01, places.join(" "));
  differ(x);
});

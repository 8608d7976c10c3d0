/** The page's section on swept numbers: how recall and pair scores change along each. */
import { type AxisPoint, seedInterval } from "../../findings/axis_curves.ts";
import type { HeadlineTable } from "../../findings/headline.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";
import type { Answered } from "../../database/question.ts";
import { metricTitle, valueText } from "../../text/number_text.ts";
import { chart, mostSeries } from "./charts.ts";
import { type Html, markup, trusted } from "./html.ts";
import { figureName } from "./page_curves.ts";
import { dataTable, figure, howToReproduce } from "./page_parts.ts";

/** @param tables whose oracles are drawn as lines */
export async function axesSection(
  points: Answered<AxisPoint>,
  { tables, results }: {
    readonly tables: readonly HeadlineTable[];
    readonly results: CommandPlace;
  },
): Promise<Html> {
  const groups = Map.groupBy(
    points.rows.filter((point) => !isSummary(point, points.rows)),
    ({ stage, split, metric, axis }) => JSON.stringify([stage, split, metric, axis]),
  );
  const figures: Html[] = [];
  for (const group of groups.values()) {
    const own = group.toSorted((a, b) => a.x - b.x);
    const { stage, split, metric, axis } = own[0]!;
    const isBaseline = (name: string) =>
      own.some(({ variant, baseline }) => variant === name && baseline);
    const all = [...new Set(own.map(({ variant }) => variant))]
      .sort((a, b) => Number(isBaseline(b)) - Number(isBaseline(a)));
    const shown = all.slice(0, mostSeries);
    const title = `${stage} on ${split ?? "all"}: ${metricTitle(metric)} by ${axis}`;
    const caption = all.length > shown.length
      ? `${title} (the first ${mostSeries} variants)`
      : title;
    const id = ["axis", stage, split ?? "all", metric, axis].map(figureName).join("-");
    const xs = [...new Set(own.map(({ x }) => x))].sort((a, b) => a - b);
    const rules = tables.filter((table) => table.stage === stage && table.split === split)
      .flatMap(({ references }) => references)
      // A line across would show an oracle of some scenes at those of others, too.
      .filter(({ variant }) => variant === undefined)
      .flatMap(({ name, value }) => {
        const found = value(metric);
        return found === undefined ? [] : [{ name, y: 100 * found.mean }];
      });
    const drawing = await chart(
      shown.map((name) => ({
        name,
        points: own.filter(({ variant }) => variant === name).map((point) => {
          const [low, high] = seedInterval(point) ?? [];
          return {
            x: point.x,
            y: 100 * point.mean,
            ...(low !== undefined && { low: 100 * low, high: 100 * high! }),
          };
        }),
      })),
      {
        id,
        title: caption,
        description: shown.map((name) => described(name, own)).filter((text) => text !== "")
          .join(" "),
        x: axis,
        y: "percent",
        kind: "line",
        logarithmic: xs[0]! > 0 && xs.at(-1)! >= 10 * xs[0]!,
        rules: [...new Map(rules.map((rule) => [rule.name, rule])).values()],
        all,
      },
    );
    if (drawing === undefined) continue;
    figures.push(figure({
      caption,
      drawing: trusted(drawing),
      table: dataTable({
        id: `${id}-numbers`,
        caption: `${caption}; percent, mean and 95 % interval over seeds`,
        columns: [
          { title: axis, numeric: true },
          ...shown.map((name) => ({ title: name || "all", numeric: true })),
        ],
        rows: xs.map((x) => [
          { shown: String(x), value: x },
          ...shown.map((name) => {
            const point = own.find((one) => one.variant === name && one.x === x);
            return point === undefined ? "" : { shown: meanAndInterval(point), value: point.mean };
          }),
        ]),
      }),
      reproduction: howToReproduce([points], results),
    }));
  }
  return markup`<p>Means over seeds; vertical lines are 95 % confidence intervals over seeds (Student's t), not
over test images. Differences from the baseline, tested over both, are among the results above.</p>
<div class="figures">${figures}</div>`;
}

/** Pairs of all kinds together, where the same evaluation has several kinds, as in the tables. */
function isSummary({ stage, split, metric }: AxisPoint, points: readonly AxisPoint[]): boolean {
  if (metric !== "pair_group") return false;
  const kinds = points.filter((one) => one.stage === stage && one.split === split)
    .map((one) => one.metric).filter((name) => name.startsWith("pair_group_"));
  return new Set(kinds).size > 1;
}

function meanAndInterval(point: AxisPoint): string {
  const interval = seedInterval(point);
  const mean = valueText(point.mean, true);
  if (interval === undefined) return mean;
  return `${mean} (${interval.map((bound) => valueText(bound, true)).join(" … ")})`;
}

function described(name: string, points: readonly AxisPoint[]): string {
  const own = points.filter(({ variant }) => variant === name);
  if (own.length === 0) return "";
  const texts = own.map(({ x, mean }) => `${valueText(mean, true)} at ${x}`);
  return `${name || "all"}: ${texts.join(", ")}.`;
}

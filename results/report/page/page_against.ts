/** The page's section on what changed since another asking. */
import type { VariantMetric } from "../../queries/compare_experiments.ts";
import { type Against, changedTexts, howCompared } from "../../findings/request_changes.ts";
import { changeText } from "../../findings/change_text.ts";
import { type Html, markup } from "./html.ts";
import { metricTitle, timeText } from "../../text/number_text.ts";
import { type Cell, dataTable, howMade } from "./page_parts.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

export function againstSection(
  { comparison, metrics, alone, same, caution, question }: Against,
  results: CommandPlace,
): Html {
  const { a, b, differences, onlyA, onlyB } = comparison;
  return markup`<p>Before: ${a.experiment}, asked ${timeText(a.asked)}. Now: ${b.experiment}, asked
${timeText(b.asked)}.</p>
${caution === undefined ? undefined : markup`<p class="note">${caution}</p>`}
${
    differences.length === 0 ? markup`<p>What both have does not differ.</p>` : dataTable({
      id: "changes",
      caption: "What differs: parameters, digests of code, inputs",
      columns: ["stage", "what", "before", "now", "at"].map((title) => ({ title })),
      rows: differences.map(({ stage, what, a, b, points }) => [
        stage,
        what,
        a ?? "–",
        b ?? "–",
        points ?? "",
      ]),
    })
  }
${onlyText("the one before", onlyA)}${onlyText("this one", onlyB)}
${
    metrics.length === 0
      ? markup`<p>No main metric that both have changed.</p>`
      : markup`${changedTable(metrics)}${howMade([question], results)}`
  }
${alone.length === 0 ? undefined : aloneTable(alone)}
<p class="note">${same} main metrics are the same; deno task compare tells the others.</p>`;
}

function changedTable(metrics: Against["metrics"]): Html {
  const axes = axesOf(metrics);
  return dataTable({
    id: "changed-metrics",
    caption: `By how much. ${howCompared}`,
    columns: [
      ...whose(axes),
      ...["before", "now", "change", "seeds", "95 % interval", "p (Holm)"]
        .map((title) => ({ title, numeric: true })),
    ],
    rows: metrics.map((one) => {
      const { before, now, change, interval, p, mark } = changedTexts(one);
      return [
        ...names(one, axes),
        valued(before, one.a),
        valued(now, one.b),
        valued(`${change}${mark === "" ? "" : ` ${mark}`}`, one.difference),
        valued(String(one.runs), one.runs),
        interval,
        p === "" ? "" : valued(p, Number(p)),
      ];
    }),
  });
}

/** Nothing to compare with: these are no changes. */
function aloneTable(metrics: Against["alone"]): Html {
  const axes = axesOf(metrics);
  return dataTable({
    id: "metrics-alone",
    caption: "In one of the two alone: means over all its seeds, recalls in percent",
    columns: [
      ...whose(axes),
      ...["before", "now", "seeds"].map((title) => ({ title, numeric: true })),
    ],
    rows: metrics.map((one) => {
      const { before, now } = changeText(one);
      return [
        ...names(one, axes),
        valued(before, one.a),
        valued(now, one.b),
        valued(String(one.runs), one.runs),
      ];
    }),
  });
}

function axesOf(metrics: readonly VariantMetric[]): string[] {
  return [...new Set(metrics.flatMap(({ variant }) => Object.keys(variant)))];
}

function whose(axes: readonly string[]) {
  return ["stage", "metric", "split", ...axes].map((title) => ({ title }));
}

function names({ stage, name, split, variant }: VariantMetric, axes: readonly string[]): string[] {
  return [
    stage,
    metricTitle(name),
    split ?? "",
    ...axes.map((axis) => String(variant[axis] ?? "")),
  ];
}

function valued(shown: string, value: number | null): Cell {
  return value === null
    ? { shown: markup`<span class="missing">missing</span>` }
    : { shown, value };
}

function onlyText(what: string, labels: readonly string[]): Html | undefined {
  if (labels.length === 0) return undefined;
  const rest = labels.length > 20 ? ` and ${labels.length - 20} more` : "";
  return markup`<p>Only in ${what}: ${labels.slice(0, 20).join(", ")}${rest}</p>`;
}

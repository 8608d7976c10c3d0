/** The page's section on what changed since another request. */
import {
  axesOf,
  changedTexts,
  changeText,
  changeTitles,
  howCompared,
  placeCells,
  placeTitles,
} from "../../findings/request_change_text.ts";
import type { RequestChanges } from "../../findings/request_changes.ts";
import { type Html, markup } from "./html.ts";
import { countText, timeText } from "../../text/number_text.ts";
import { type Cell, dataTable, howToReproduce } from "./page_parts.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

export function changesSection(
  { comparison, metrics, unmatched, unchanged, caution, question }: RequestChanges,
  results: CommandPlace,
): Html {
  const { a, b, differences, onlyA, onlyB } = comparison;
  return markup`<p>Before: ${a.experiment}, requested ${
    timeText(a.requested)
  }. Now: ${b.experiment},
requested ${timeText(b.requested)}.</p>
${caution === undefined ? undefined : markup`<p class="note">${caution}</p>`}
${
    differences.length === 0 ? markup`<p>Their common runs do not differ.</p>` : dataTable({
      id: "changes",
      caption: "Changed parameters, digests of code, and inputs",
      columns: ["stage", "what", "before", "now", "variants"].map((title) => ({ title })),
      rows: differences.map(({ stage, what, a, b, points }) => [
        stage,
        what,
        a ?? "–",
        b ?? "–",
        points ?? "all",
      ]),
    })
  }
${onlyText("the earlier request", onlyA)}${onlyText("this request", onlyB)}
${
    metrics.length === 0
      ? markup`<p>No main metric that both have changed.</p>`
      : markup`${changedTable(metrics)}${howToReproduce([question], results)}`
  }
${unmatched.length === 0 ? undefined : unmatchedTable(unmatched)}
<p class="note">${
    countText(unchanged, "main metric")
  } did not change. <code>deno task compare</code> shows all metrics.</p>`;
}

function changedTable(metrics: RequestChanges["metrics"]): Html {
  const axes = axesOf(metrics);
  return dataTable({
    id: "changed-metrics",
    caption: `Changed metrics. ${howCompared}`,
    columns: [
      ...placeTitles(axes).map((title) => ({ title })),
      ...changeTitles.map((title) => ({ title, numeric: true })),
    ],
    rows: metrics.map((one) => {
      const { before, now, change, interval, p, mark } = changedTexts(one);
      return [
        ...placeCells(one, axes),
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

function unmatchedTable(metrics: RequestChanges["unmatched"]): Html {
  const axes = axesOf(metrics);
  return dataTable({
    id: "unmatched-metrics",
    caption:
      "Metrics of only one of the two requests: means over all its seeds, recalls in percent",
    columns: [
      ...placeTitles(axes).map((title) => ({ title })),
      ...["before", "now", "seeds"].map((title) => ({ title, numeric: true })),
    ],
    rows: metrics.map((one) => {
      const { before, now } = changeText(one);
      return [
        ...placeCells(one, axes),
        valued(before, one.a),
        valued(now, one.b),
        valued(String(one.runs), one.runs),
      ];
    }),
  });
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

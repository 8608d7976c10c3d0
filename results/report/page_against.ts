/** The page's section on what changed since another asking. */
import { metricText, signedText } from "../metrics.ts";
import type { Against } from "./against.ts";
import { type Html, markup } from "./html.ts";
import { timeText } from "./number_text.ts";
import { type Cell, dataTable } from "./page_parts.ts";

export function againstSection({ comparison, metrics, same }: Against): Html {
  const { a, b, differences, onlyA, onlyB } = comparison;
  const axes = [...new Set(metrics.flatMap(({ variant }) => Object.keys(variant)))];
  const cell = (value: number | null, shown = metricText(value)): Cell =>
    value === null ? { shown: markup`<span class="missing">missing</span>` } : { shown, value };
  return markup`<p>Before: ${a.experiment}, asked ${timeText(a.asked)}. Now: ${b.experiment}, asked
${timeText(b.asked)}.</p>
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
    metrics.length === 0 ? markup`<p>No main metric changed.</p>` : dataTable({
      id: "changed-metrics",
      caption: "By how much: means over the seeds that both have",
      columns: [
        ...["stage", "metric", "split", ...axes].map((title) => ({ title })),
        ...["before", "now", "change"].map((title) => ({ title, numeric: true })),
      ],
      rows: metrics.map((one) => [
        one.stage,
        one.name,
        one.split ?? "",
        ...axes.map((axis) => String(one.variant[axis] ?? "")),
        cell(one.a),
        cell(one.b),
        one.difference === null ? "" : cell(one.difference, signedText(one.difference)),
      ]),
    })
  }
<p class="note">${same} main metrics are the same; deno task compare tells the others.</p>`;
}

function onlyText(what: string, labels: readonly string[]): Html | undefined {
  if (labels.length === 0) return undefined;
  const rest = labels.length > 20 ? ` and ${labels.length - 20} more` : "";
  return markup`<p>Only in ${what}: ${labels.slice(0, 20).join(", ")}${rest}</p>`;
}

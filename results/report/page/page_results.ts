/** The page's first section: each variant's numbers, published ones beside them, and differences. */
import { fewerSeeds, type HeadlineTable, overSeeds, unitOf } from "../../findings/headline.ts";
import { type Differences, markOf } from "../../findings/difference_rows.ts";
import { type Html, markup } from "./html.ts";
import { metricTitle, signedValue, valueText } from "../../text/number_text.ts";
import { type Cell, dataTable, howMade } from "./page_parts.ts";
import { recallsOf, recallTitles } from "../../findings/published.ts";
import type { ReportData } from "../../findings/report_data.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

export function resultsSection(data: ReportData, results: CommandPlace): Html {
  const { headline, differences } = data;
  const staged = new Set(differences.rows.map(({ stage }) => stage)).size > 1;
  if (headline.tables.length === 0) {
    return markup`<p>No recall is stored yet: nothing was evaluated, or evaluating failed.</p>${
      howMade([headline.question], results)
    }${furtherPart(data, results)}`;
  }
  return markup`${
    headline.tables.map((table, place) =>
      headlineTable(table, { id: `headline-${place}`, differences })
    )
  }
${howMade([headline.question], results)}
${yardstickPart(data)}
${publishedPart(data, results)}
<h3>Differences${data.baseline === undefined ? "" : ` from ${data.baseline}`}</h3>
${
    differences.rows.length === 0 ? undefined : dataTable({
      id: "differences",
      caption: differences.caption,
      columns: [
        ...(staged ? [{ title: "stage" }] : []),
        { title: "variant" },
        { title: "split" },
        { title: "metric" },
        { title: "points", numeric: true },
        { title: "seeds", numeric: true },
        { title: "95 % interval", numeric: true },
        { title: "p (Holm)", numeric: true },
        { title: "verdict" },
      ],
      rows: differences.rows.map((row) => [
        ...(staged ? [row.stage] : []),
        row.variant,
        row.split ?? "all",
        metricTitle(row.metric),
        { shown: signedValue(row.difference, true), value: row.difference },
        { shown: row.seeds, value: parseInt(row.seeds) },
        intervalCell(row.interval),
        row.p === "" ? "" : { shown: row.p, value: Number(row.p) },
        row.verdict,
      ]),
    })
  }
<ul class="cautions">${differences.cautions.map((caution) => markup`<li>${caution}</li>`)}</ul>
${howMade([differences.question], results)}
${furtherPart(data, results)}`;
}

/** All other metrics, a table for each kind of them. */
function furtherPart(
  { headline, differences }: ReportData,
  results: CommandPlace,
): Html | undefined {
  const { further, question } = headline;
  if (further.length === 0) return undefined;
  const kinds = [...new Set(further.map(({ title }) => title))].join("; ");
  return markup`<h3>Further metrics</h3>
<details><summary>${kinds}</summary>${
    further.map((table, place) => headlineTable(table, { id: `further-${place}`, differences }))
  }${howMade([question], results)}</details>`;
}

/** An interval sorts by its lower bound. */
function intervalCell(interval: string): Cell {
  const low = interval === "" ? NaN : Number(interval.split(" … ")[0]!.replace("−", "-"));
  return { shown: interval, ...(Number.isFinite(low) && { value: low }) };
}

function yardstickPart({ yardsticks }: ReportData): Html | undefined {
  if (yardsticks.length === 0) return undefined;
  return markup`<h3>Beside a linear yardstick</h3>
<ul>${
    yardsticks.map(({ stage, points, split, sum, beside }) =>
      markup`<li><code>${stage}</code>${points} on ${split}: sum of the six recalls ${sum}
<ul>${
        beside.map(({ stage, verdict }) => markup`<li><code>${stage}</code> ${verdict}</li>`)
      }</ul></li>`
    )
  }</ul>`;
}

function headlineTable(
  table: HeadlineTable,
  { id, differences }: { readonly id: string; readonly differences: Differences },
): Html {
  const { stage, split, title, columns, rows } = table;
  const told = [title, unitOf(table), overSeeds(table)].filter((part) => part !== "").join(", ");
  const marked = rows.some(({ baseline }) => baseline);
  return dataTable({
    id,
    caption: `${stage} on ${split ?? "all"}: ${told}${marked ? "; * marks the baseline" : ""}`,
    columns: [
      { title: "variant" },
      ...columns.map(({ title }) => ({ title, numeric: true })),
    ],
    rows: rows.map(({ variant, baseline, cells }) => [
      `${variant || "all"}${baseline ? " *" : ""}`,
      ...cells.map((cell, column): Cell => {
        if (cell === undefined) return { shown: markup`<span class="missing">missing</span>` };
        const { percent, metric } = columns[column]!;
        const mark = markOf(differences, { stage, split, variant, metric });
        const words = mark === "▲" ? "significantly better" : "significantly worse";
        const marked = mark === ""
          ? undefined
          : markup` <span class="${
            mark === "▲" ? "better" : "worse"
          }" title="${words}"><span aria-hidden="true">${mark}</span><span class="hidden">${words}</span></span>`;
        const mean = valueText(cell.mean, percent);
        const fewer = fewerSeeds(cell, table);
        return {
          value: cell.mean,
          shown: markup`${mean}${
            cell.spread === null
              ? undefined
              : markup` <span class="spread">±${valueText(cell.spread, percent)}</span>`
          }${marked}${fewer === "" ? undefined : markup` <span class="spread">(${fewer})</span>`}`,
        };
      }),
    ]),
    marked: rows.flatMap(({ baseline }, row) => baseline ? [row] : []),
  });
}

function publishedPart(
  { published, headline }: ReportData,
  results: CommandPlace,
): Html | undefined {
  if (published === undefined) return undefined;
  const { table: { test, images, captions, rows, source }, others, standardErrors } = published;
  const [i2t, t2i] = standardErrors.map((error) => error.toFixed(1));
  const cell = (value: number | null): Cell =>
    value === null ? { shown: "–" } : { shown: value.toFixed(1), value };
  const theirs = rows.map(({ name, recalls }) => [name, ...recalls.map(cell)]);
  const ours = recallsOf(headline.tables).map(({ variant, recalls }) => [
    `ours: ${variant || "all"}`,
    ...recalls.map((value) => cell(value === undefined ? null : 100 * value)),
  ]);
  return markup`<h3>Beside published results</h3>
${
    dataTable({
      id: "published",
      caption: `${test}; percent`,
      columns: [{ title: "model" }, ...recallTitles.map((title) => ({ title, numeric: true }))],
      rows: [...theirs, ...ours],
      marked: theirs.map((_, place) => place),
    })
  }
<p>One standard error of R@1: ${i2t} points i→t, ${t2i} t→i. Source: ${source}.</p>
${
    others.length === 0
      ? undefined
      : markup`<p><strong>Not comparable</strong>: ours ranked ${
        others.map((one) => `${one.images} images and ${one.captions} captions`).join("; ")
      }, theirs ${images} and ${captions}.</p>`
  }
${howMade([published.question], results)}`;
}

/** The page's first section: metrics of each variant, published results, and differences. */
import {
  fewerSeeds,
  type HeadlineTable,
  notesOf,
  overSeeds,
  unitOf,
  variantText,
} from "../../findings/headline.ts";
import {
  differenceColumns,
  type Differences,
  markOf,
  neededColumns,
} from "../../findings/difference_rows.ts";
import { choiceCells, choiceTitles } from "../../findings/choices.ts";
import { designCells, designsCaption, designsOf, designTitles } from "../../findings/designs.ts";
import { type Html, markup } from "./html.ts";
import { metricTitle, signedValue, valueText } from "../../text/number_text.ts";
import { type Cell, dataTable, howToReproduce } from "./page_parts.ts";
import { linearBaselineExplained } from "../../findings/linear_baseline.ts";
import { recallsOf, recallTitles, sizeText, standardErrorText } from "../../findings/published.ts";
import type { ReportData } from "../../findings/report_data.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

export function resultsSection(data: ReportData, results: CommandPlace): Html {
  const { headline, differences } = data;
  const columns = neededColumns(differences.rows);
  if (headline.tables.length === 0) {
    return markup`<p>No recall is stored yet: nothing was evaluated, or the evaluation failed.</p>${
      howToReproduce([headline.question], results)
    }${furtherPart(data, results)}`;
  }
  return markup`${
    headline.tables.map((table, place) =>
      headlineTable(table, { id: `headline-${place}`, differences })
    )
  }
<p class="note">${notesOf(headline.tables, differences).join("; ")}.</p>
${howToReproduce([headline.question], results)}
${choicesPart(data, results)}
${linearBaselinePart(data)}
${publishedPart(data, results)}
<h3>Differences${data.baseline === undefined ? "" : ` from ${data.baseline}`}</h3>
${
    differences.rows.length === 0 ? undefined : dataTable({
      id: "differences",
      caption: differences.caption,
      columns: differenceColumns(columns),
      rows: differences.rows.map((row) => [
        ...(columns.staged ? [row.stage] : []),
        row.variant,
        row.split ?? "all",
        metricTitle(row.metric),
        { shown: signedValue(row.difference, true), value: row.difference },
        { shown: row.seeds, value: parseInt(row.seeds) },
        intervalCell(row.interval),
        row.p === "" ? "" : { shown: row.p, value: Number(row.p) },
        ...(columns.seedTest ? [seedTestCell(row.pSeeds)] : []),
        row.verdict,
      ]),
    })
  }
<ul class="cautions">${differences.cautions.map((caution) => markup`<li>${caution}</li>`)}</ul>
${howToReproduce([differences.question], results)}
${designsPart(differences)}
${furtherPart(data, results)}`;
}

/** What stages `choose` chose. */
function choicesPart({ choices }: ReportData, results: CommandPlace): Html | undefined {
  if (choices.rows.length === 0) return undefined;
  return markup`<h3>What was chosen</h3>
${
    dataTable({
      id: "choices",
      caption: "From the same points for every variant and seed; of equal points the first",
      columns: choiceTitles.map(({ title, numeric }) => ({ title, ...(numeric && { numeric }) })),
      rows: choices.rows.map(choiceCells),
    })
  }${howToReproduce([choices], results)}`;
}

/** Seeds and images that would show a difference. */
function designsPart({ compared }: Differences): Html | undefined {
  const designs = designsOf(compared);
  if (designs.length === 0) return undefined;
  return markup`<h3>What would show a difference</h3>
${
    dataTable({
      id: "designs",
      caption: designsCaption(designs),
      columns: designTitles.map(({ title, numeric }) => ({ title, ...(numeric && { numeric }) })),
      rows: designs.map(designCells),
    })
  }`;
}

/** Sorts by p, which comes first. */
function seedTestCell(text: string): Cell {
  return { shown: text, ...(text !== "" && { value: parseFloat(text) }) };
}

/** All other metrics, in one table for each kind. */
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
  }${howToReproduce([question], results)}</details>`;
}

/** An interval sorts by its lower bound. */
function intervalCell(interval: string): Cell {
  const low = interval === "" ? NaN : Number(interval.split(" … ")[0]!.replace("−", "-"));
  return { shown: interval, ...(Number.isFinite(low) && { value: low }) };
}

function linearBaselinePart({ linearBaselines }: ReportData): Html | undefined {
  if (linearBaselines.length === 0) return undefined;
  return markup`<h3>Compared with a linear baseline</h3>
<p>${linearBaselineExplained}</p>
<ul>${
    linearBaselines.map(({ stage, points, split, sum, others }) =>
      markup`<li><code>${stage}</code>${points} on ${split}: ${sum}
<ul>${
        others.map(({ stage, verdict }) => markup`<li><code>${stage}</code>: ${verdict}</li>`)
      }</ul></li>`
    )
  }</ul>`;
}

function headlineTable(
  table: HeadlineTable,
  { id, differences }: { readonly id: string; readonly differences: Differences },
): Html {
  const { stage, split, title, columns, references, rows } = table;
  const contents = [title, unitOf(table), overSeeds(table)].filter((part) => part !== "").join(
    ", ",
  );
  const marked = rows.some(({ baseline }) => baseline);
  return dataTable({
    id,
    caption: `${stage} on ${split ?? "all"}: ${contents}${marked ? "; * marks the baseline" : ""}`,
    columns: [
      { title: "variant" },
      ...columns.map(({ title }) => ({ title, numeric: true })),
    ],
    rows: [
      ...references.map(({ name, value }) => [
        name,
        ...columns.map(({ metric, percent }): Cell => {
          const found = value(metric);
          if (found === undefined) return { shown: "–" };
          return { value: found.mean, shown: meanShown(found, percent) };
        }),
      ]),
      ...rows.map((row) => [
        variantText(row),
        ...row.cells.map((cell, column): Cell => {
          if (cell === undefined) return { shown: markup`<span class="missing">missing</span>` };
          const { percent, metric } = columns[column]!;
          const mark = markOf(differences, { stage, split, variant: row.variant, metric });
          const words = mark === "▲" ? "significantly better" : "significantly worse";
          const marked = mark === ""
            ? undefined
            : markup` <span class="${
              mark === "▲" ? "better" : "worse"
            }" title="${words}"><span aria-hidden="true">${mark}</span><span class="hidden">${words}</span></span>`;
          const fewer = fewerSeeds(cell, table);
          return {
            value: cell.mean,
            shown: markup`${meanShown(cell, percent)}${marked}${
              fewer === "" ? undefined : markup` <span class="spread">(${fewer})</span>`
            }`,
          };
        }),
      ]),
    ],
    marked: rows.flatMap(({ baseline }, row) => baseline ? [references.length + row] : []),
  });
}

function meanShown(
  { mean, spread }: { readonly mean: number; readonly spread: number | null },
  percent: boolean,
): Html {
  return markup`${valueText(mean, percent)}${
    spread === null
      ? undefined
      : markup` <span class="spread">±${valueText(spread, percent)}</span>`
  }`;
}

function publishedPart(
  { published, headline }: ReportData,
  results: CommandPlace,
): Html | undefined {
  if (published === undefined) return undefined;
  const { test, rows, source } = published.table;
  const sizes = sizeText(published);
  const cell = (value: number | null): Cell =>
    value === null ? { shown: "–" } : { shown: value.toFixed(1), value };
  const theirs = rows.map(({ name, recalls }) => [name, ...recalls.map(cell)]);
  const ours = recallsOf(headline.tables).map(({ variant, recalls }) => [
    `ours: ${variant || "all"}`,
    ...recalls.map((value) => cell(value === undefined ? null : 100 * value)),
  ]);
  return markup`<h3>Compared with published results</h3>
${
    dataTable({
      id: "published",
      caption: `${test}; percent`,
      columns: [{ title: "model" }, ...recallTitles.map((title) => ({ title, numeric: true }))],
      rows: [...theirs, ...ours],
      marked: theirs.map((_, place) => place),
    })
  }
<p>${standardErrorText(published.table)} Source: ${source}.</p>
${sizes === undefined ? undefined : markup`<p><strong>Not comparable</strong>: ${sizes}.</p>`}
${howToReproduce([published.question], results)}`;
}

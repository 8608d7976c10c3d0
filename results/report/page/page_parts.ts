/** Building blocks of the page: tables that sort and copy, figures, and the queries behind them. */
import { type Html, markup, trusted } from "./html.ts";
import type { Question } from "../../database/question.ts";
import { type CommandPlace, sqlCommand } from "../../findings/reproduce.ts";

export interface Column {
  readonly title: string;
  readonly numeric?: boolean;
}

/** A number sorts by its value, whatever text is shown. */
export interface Cell {
  readonly shown: string | Html;
  readonly value?: number;
}

export interface TableOptions {
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (Cell | string)[])[];
  /** Highlighted rows: places in `rows`. */
  readonly marked?: readonly number[];
}

/** Further rows are only in the database. */
const mostRows = 400;

/** The first column names the row. */
export function dataTable({ id, caption, columns, rows, marked = [] }: TableOptions): Html {
  const left = rows.length - mostRows;
  return markup`<div class="table-block">
    <div class="table-head"><p id="${id}-caption">${caption}</p>
      <button type="button" class="copy" data-copies="${id}">Copy table</button></div>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="${id}-caption">
      <table id="${id}" class="sortable" aria-labelledby="${id}-caption">
        <thead>
          <tr>${
    columns.map(({ title, numeric }) =>
      markup`<th scope="col" class="${numeric === true ? "number" : ""}">${
        title === ""
          ? markup`<span class="hidden">name</span>`
          : markup`<button type="button" class="sort">${title}</button>`
      }</th>`
    )
  }</tr>
        </thead>
        <tbody>${
    rows.slice(0, mostRows).map((row, place) =>
      markup`<tr class="${marked.includes(place) ? "marked" : ""}">${
        row.map((cell, column) => tableCell(cell, { column, numeric: columns[column]?.numeric }))
      }</tr>`
    )
  }</tbody>
      </table>
    </div>${
    left > 0 ? markup`<p class="note">${left} more rows are in the database.</p>` : undefined
  }
    </div>`;
}

function tableCell(
  cell: Cell | string,
  { column, numeric }: { column: number; numeric: boolean | undefined },
): Html {
  const { shown, value } = typeof cell === "string" ? { shown: cell } : cell;
  const sorts = value === undefined ? trusted("") : markup` data-value="${value}"`;
  const inner = typeof shown === "string" ? markup`${shown}` : shown;
  const look = trusted(numeric === true ? ` class="number"` : "");
  return column === 0
    ? markup`<th scope="row"${look}${sorts}>${inner}</th>`
    : markup`<td${look}${sorts}>${inner}</td>`;
}

/** A drawing with its caption, its numbers as a table, and the query behind it. */
export function figure(
  { caption, drawing, table, reproduction }: {
    readonly caption: string;
    readonly drawing: Html;
    readonly table?: Html;
    readonly reproduction: Html;
  },
): Html {
  return markup`<figure><figcaption>${caption}</figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="${caption}">${drawing}</div>
${
    table === undefined
      ? undefined
      : markup`<details><summary>Numbers as a table</summary>${table}</details>`
  }
${reproduction}</figure>`;
}

/** The commands that reproduce the figures above. */
export function howToReproduce(questions: readonly Question[], results: CommandPlace): Html {
  return markup`<details class="reproduce"><summary>How to reproduce this</summary>${
    questions.map(({ what, sql }) =>
      markup`
        <p>${what}</p>
        <div class="code"><button type="button" class="copy-code">Copy</button>
        <pre tabindex="0"><code>${sqlCommand(sql, results)}</code></pre></div>
      `
    )
  }</details>`;
}

export function command(text: string): Html {
  return markup`<div class="code"><button type="button" class="copy-code">Copy</button>
<pre tabindex="0"><code>${text}</code></pre></div>`;
}

/** Prints the result of a query as a table, JSON or CSV. */
import { plainLine } from "../../pipeline/contract/plain_text.ts";
import { clip } from "../../pipeline/terminal/terminal_text.ts";
import { textTable } from "../../pipeline/terminal/text_table.ts";

export interface Answer {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** A table at most `width` wide with a count of rows; long texts end in `…`. */
export function printTable(answer: Answer, width: number): string {
  const { length } = answer.rows;
  return [...tableLines(answer, width), length === 1 ? "(1 row)" : `(${length} rows)`, ""]
    .join("\n");
}

/** Column names, a rule, and one line per row; numbers are aligned right. */
export function tableLines({ columns, rows }: Answer, width: number): string[] {
  const head = columns.map(({ name }) => plainLine(name));
  const cells = rows.map((row) =>
    row.map((value, column) => cellText(value, columns[column]!.numeric))
  );
  const natural = head.map((name, column) =>
    Math.max(...[name, ...cells.map((row) => row[column]!)].map((text) => [...text].length))
  );
  const widths = fit(natural, width - 2 * (columns.length - 1));
  const clipped = (row: readonly string[]) =>
    row.map((text, column) => clip(text, widths[column]!));
  const rule = widths.map((columnWidth) => "-".repeat(columnWidth));
  return textTable(
    [clipped(head), rule, ...cells.map(clipped)],
    (column) => !columns[column]!.numeric,
  );
}

/** A JSON array with one object per row. */
export function printJson({ columns, rows }: Answer): string {
  const lines = rows.map((row) =>
    JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])))
  );
  return lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`;
}

/** RFC 4180 with a header; NULL is an empty field, an empty text is `""`. */
export function printCsv({ columns, rows }: Answer): string {
  const field = (value: unknown) => {
    if (value === null || value === undefined) return "";
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map(({ name }) => name), ...rows].map((row) => row.map(field).join(","));
  return lines.map((line) => `${line}\r\n`).join("");
}

function cellText(value: unknown, numeric: boolean): string {
  if (value === null || value === undefined) return "NULL";
  if (numeric && typeof value === "number" && !Number.isInteger(value)) {
    return String(Number(value.toPrecision(6)));
  }
  return plainLine(typeof value === "object" ? JSON.stringify(value) : String(value));
}

/** Narrows the widest columns until the sum fits; none gets narrower than 3. */
function fit(natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, one) => sum + one, 0) - room;
  for (; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= 3) break;
    widths[widest]!--;
  }
  return widths;
}

/** Markdown from names and messages of any origin, which are shown literally. */
import type { Block } from "./size_limit.ts";

/** As plain text within a line or a cell: no markup, no mentions, no line breaks. */
export function escapeMarkdown(text: string): string {
  return plainLine(text)
    .replace(/[\\`*{}[\]<>#!~|&$]|(?<!\w)_|_(?!\w)/g, "\\$&")
    .replace(/:(?=\/\/)|(?<=www)\./gi, (sign) => `&#${sign.charCodeAt(0)};`)
    .replaceAll("@", "@\u200b");
}

/** A code block, fenced by more backticks than the longest run in it. */
export function codeBlock(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.replace(controls, " ")}\n${fence}`;
}

/** A table with text above it, as a block of the Markdown report that may lose rows. */
export function tableBlock(
  text: string,
  head: Parameters<typeof markdownTable>[0],
  rows: readonly (readonly string[])[],
): Pick<Block, "text" | "rows"> {
  const made = markdownTable(head, rows);
  return { text: `${text}\n\n${made.head}`, rows: made.rows };
}

/** A table with numbers aligned right. Cells are Markdown already. */
export function markdownTable(
  head: readonly { readonly title: string; readonly numeric?: boolean }[],
  rows: readonly (readonly string[])[],
): { readonly head: string; readonly rows: readonly string[] } {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return {
    head: [
      line(head.map(({ title }) => title)),
      line(head.map(({ numeric }) => numeric === true ? "--:" : ":--")),
    ].join("\n"),
    rows: rows.map(line),
  };
}

// deno-lint-ignore no-control-regex
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

function plainLine(text: string): string {
  return text.replace(/\s+/g, " ").replace(controls, " ");
}

/** A table with words above it, as a part of the Markdown report that may lose rows. */
import { markdownTable } from "./markdown_text.ts";
import type { Block } from "./size_limit.ts";

export function tableBlock(
  text: string,
  head: Parameters<typeof markdownTable>[0],
  rows: readonly (readonly string[])[],
): Pick<Block, "text" | "rows"> {
  const made = markdownTable(head, rows);
  return { text: `${text}\n\n${made.head}`, rows: made.rows };
}

/** Shortens a Markdown document to a size limit, dropping the least important parts and naming them. */

export interface Block {
  readonly title: string;
  /** Text before the rows. */
  readonly text: string;
  /** Rows of a table at the end of the text, some of which may be dropped. */
  readonly rows?: readonly string[];
  readonly after?: string;
  /** Parts with larger numbers are dropped first. */
  readonly importance: number;
}

/** GitHub allows 1,024 KiB per step summary; this leaves room for text around the report. */
export const summaryBytes = 1_000_000;
/** GitHub allows 65,536 characters per comment; a text has at least as many bytes. */
export const commentBytes = 60_000;

/**
 * @param options.whole a sentence that says where the full document is
 * @returns Markdown of at most `bytes` in UTF-8, blocks in the order given
 */
export function shortened(
  blocks: readonly Block[],
  { bytes, whole }: { readonly bytes: number; readonly whole: string },
): string {
  const size = (text: string) => new TextEncoder().encode(text).length;
  // Room for the note about omitted parts; titles are ours and short.
  let room = bytes - 200 - size(whole) -
    blocks.reduce((sum, { title }) => sum + size(title) + 4, 0);
  const kept = new Map<Block, string>();
  const cut: string[] = [];
  for (const block of blocks.toSorted((a, b) => a.importance - b.importance)) {
    const rows = block.rows ?? [];
    const around = size(block.text) + size(block.after ?? "") + 80;
    let used = around;
    let count = 0;
    while (count < rows.length && used + size(rows[count]!) + 1 <= room) {
      used += size(rows[count]!) + 1;
      count++;
    }
    if (around > room || (rows.length > 0 && count === 0)) {
      cut.push(block.title);
      continue;
    }
    if (count < rows.length) cut.push(`${rows.length - count} rows of ${block.title}`);
    room -= used;
    const table = [block.text, ...rows.slice(0, count)].join("\n");
    kept.set(block, [table, ...(block.after === undefined ? [] : [block.after])].join("\n\n"));
  }
  const texts = blocks.flatMap((block) => kept.get(block) ?? []);
  if (cut.length > 0) texts.push(`_Shortened to fit; omitted: ${cut.join(", ")}. ${whole}_`);
  return `${texts.join("\n\n")}\n`;
}

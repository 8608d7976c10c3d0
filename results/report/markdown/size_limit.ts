/** A Markdown document that fits a limit: what matters least goes first, and a word says so. */

export interface Block {
  readonly title: string;
  /** Before the rows. */
  readonly text: string;
  /** Of a table at the end of the text: some of them may stay away. */
  readonly rows?: readonly string[];
  readonly after?: string;
  /** 0 goes last. */
  readonly importance: number;
}

/** GitHub allows 1,024 KiB per step summary; a little less, for what is written around it. */
export const summaryBytes = 1_000_000;
/** GitHub allows 65,536 characters per comment; bytes are never fewer. */
export const commentBytes = 60_000;

/**
 * @param options.whole where the whole of it can be read
 * @returns Markdown of at most `bytes` in UTF-8, blocks in the order given
 */
export function shortened(
  blocks: readonly Block[],
  { bytes, whole }: { readonly bytes: number; readonly whole: string },
): string {
  const size = (text: string) => new TextEncoder().encode(text).length;
  // The words about what was left out: titles are ours and short.
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
  if (cut.length > 0) texts.push(`_Shortened to fit; left out: ${cut.join(", ")}. ${whole}_`);
  return `${texts.join("\n\n")}\n`;
}

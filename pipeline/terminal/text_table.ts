/** Rows of words in columns, two spaces apart: the first to the left, the others to the right. */

/**
 * @param left how many columns from the first are aligned to the left
 * @returns one line per row
 */
export function textTable(rows: readonly (readonly string[])[], left = 1): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column < left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  );
}

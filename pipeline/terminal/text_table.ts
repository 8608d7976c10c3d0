/**
 * Lays out rows in columns, two spaces apart.
 *
 * @param left number of leading columns that are aligned left; the others are aligned right
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

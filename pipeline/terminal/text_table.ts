/**
 * Lays out rows in columns, two spaces apart, each as wide as its longest cell.
 *
 * @param left number of leading columns that are aligned left, the others being aligned right; or
 *   whether a column is, from 0
 * @returns one line per row
 */
export function textTable(
  rows: readonly (readonly string[])[],
  left: number | ((column: number) => boolean) = 1,
): string[] {
  const isLeft = typeof left === "number" ? (column: number) => column < left : left;
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => charactersIn(row[column]!)))
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const space = " ".repeat(widths[column]! - charactersIn(cell));
      return isLeft(column) ? cell + space : space + cell;
    }).join("  ").trimEnd()
  );
}

function charactersIn(text: string): number {
  return [...text].length;
}

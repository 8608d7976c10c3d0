import type { Difference } from "./key_differences.ts";
import { tableLines } from "../text/sql_table.ts";

/** One line per thing that differs; values beside each other. */
export function differencesTable(
  differences: readonly (Difference & { readonly points?: string })[],
  width: number,
): string[] {
  const points = differences.some((one) => one.points !== undefined);
  const room = Number.isFinite(width) ? width : 80;
  return tableLines({
    columns: ["differs", "A", "B", ...(points ? ["at"] : [])]
      .map((name) => ({ name, numeric: false })),
    rows: differences.map(({ stage, what, a, b, points: at }) => [
      /^[\w.]+$/.test(what) ? `${stage}.${what}` : `${stage} ${what}`,
      a ?? "-",
      b ?? "-",
      ...(points ? [at ?? ""] : []),
    ]),
  }, room);
}

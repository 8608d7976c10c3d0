/**
 * Returns the rows if a table of `count` rows has all of them. Every row that is drawn on the host passes this
 * check before it goes to the device: XLA replaces a row that a table does not have by its last or first one,
 * in silence.
 *
 * @param what names the rows in the error
 * @throws {RangeError} for a row that the table does not have
 */
export function requiredRows<Rows extends Iterable<number>>(
  rows: Rows,
  { count, what }: { readonly count: number; readonly what: string },
): Rows {
  for (const row of rows) {
    if (Number.isInteger(row) && row >= 0 && row < count) continue;
    throw new RangeError(`row ${row} of ${count} ${what}`);
  }
  return rows;
}

/**
 * The columns of a matrix, one after another. Each on its own would be read from all over the memory, so a
 * group of them is copied at once.
 */

/** Columns in a group: those of 25,000 rows take 6 MB. */
const together = 64;

/** @param matrix row-major. @yields each column; valid until the next one is requested */
export function* columnsOf(
  matrix: Float32Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): Generator<Float32Array> {
  const group = new Float32Array(Math.min(together, columns) * rows);
  for (let from = 0; from < columns; from += together) {
    const to = Math.min(columns, from + together);
    for (let row = 0; row < rows; row++) {
      for (let column = from; column < to; column++) {
        group[(column - from) * rows + row] = matrix[row * columns + column]!;
      }
    }
    for (let column = from; column < to; column++) {
      yield group.subarray((column - from) * rows, (column - from + 1) * rows);
    }
  }
}

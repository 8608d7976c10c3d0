import type { Box } from "./picture.ts";

/** The picture cut into cells of one size: left to right, then top to bottom. */
export function gridBoxes(cells: number): Box[] {
  const edge = (place: number) => place / cells;
  return Array.from({ length: cells * cells }, (_, place) => {
    const [row, column] = [Math.floor(place / cells), place % cells];
    return { x0: edge(column), y0: edge(row), x1: edge(column + 1), y1: edge(row + 1) };
  });
}

/** Reads a source map (version 3, https://tc39.es/ecma426/): which source line a position came from. */

/** Where a stretch of generated text begins, and the line it came from; all from 0. */
interface Segment {
  readonly column: number;
  readonly source: number;
  readonly line: number;
}

/**
 * @param map as JSON
 * @returns line of the source (from 1) for a position in the generated text (from 0), by the nearest
 *   stretch that begins at or before it in the same line; undefined where none does
 */
export function sourceLines(map: string): (line: number, column: number) => number | undefined {
  const { mappings } = JSON.parse(map) as { mappings: string };
  const lines = decode(mappings);
  return (line, column) => {
    const before = lines[line]?.filter((segment) => segment.column <= column);
    const found = before?.at(-1) ?? lines[line]?.[0];
    return found === undefined ? undefined : found.line + 1;
  };
}

/** Lines are parted by `;`, segments by `,`; all numbers but the column count on from the last. */
function decode(mappings: string): Segment[][] {
  let [source, line] = [0, 0];
  return mappings.split(";").map((text) => {
    let column = 0;
    return text.split(",").filter(Boolean).flatMap((segment) => {
      const [columnStep = 0, sourceStep, lineStep] = numbersOf(segment);
      column += columnStep;
      if (sourceStep === undefined || lineStep === undefined) return [];
      source += sourceStep;
      line += lineStep;
      return [{ column, source, line }];
    });
  });
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base 64 digits of five bits each, the lowest first; the sixth says that more follow. */
function numbersOf(segment: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const character of segment) {
    const digit = digits.indexOf(character);
    value += (digit & 31) * 2 ** shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value % 2 === 1 ? -(value - 1) / 2 : value / 2); // the lowest bit is the sign
    [value, shift] = [0, 0];
  }
  return numbers;
}

/** A character's place in a text: line and column from 0. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

export interface SignificantText {
  readonly text: string;
  /** Of every character of `text`. */
  readonly places: readonly TextPlace[];
}

/**
 * JavaScript without comments and without spaces outside of strings, so that two texts are equal
 * when they differ in formatting alone. What looks like a comment in a regular expression is taken
 * for one: two texts that are equal by this can differ there.
 */
export function significantText(code: string): SignificantText {
  return without(/^(\/\/|\/\*|\s)/, code);
}

/** The same with every character. */
export function wholeText(code: string): SignificantText {
  return without(/$^/, code);
}

function without(left: RegExp, code: string): SignificantText {
  const kept: string[] = [];
  const places: TextPlace[] = [];
  let [line, start] = [0, 0];
  const pattern = /\/\/.*|\/\*[^]*?\*\/|(["'`])(?:\\[^]|(?!\1)[^\\])*\1|\s+|[^]/g;
  for (const { 0: token, index } of code.matchAll(pattern)) {
    const counts = !left.test(token);
    for (let offset = 0; offset < token.length; offset++) {
      if (counts) {
        kept.push(token[offset]!);
        places.push({ line, column: index + offset - start });
      }
      if (token[offset] === "\n") [line, start] = [line + 1, index + offset + 1];
    }
  }
  return { text: kept.join(""), places };
}

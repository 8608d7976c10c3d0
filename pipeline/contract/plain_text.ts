/**
 * Text of any origin as a person may see it: names, captions and what a stage prints are data, and
 * must not move the cursor, change the terminal or reorder other text.
 *
 * @module
 */

// Control characters, and those that change the direction of the text around them.
// deno-lint-ignore no-control-regex
const commanding = /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text with control characters as JSON escapes, other than line ends and tabs. Text that is JSON
 * stays the same JSON.
 */
export function plainText(text: string): string {
  return text.replace(commanding, (found, at: number) => {
    const isLayout = found === "\n" || found === "\t" || (found === "\r" && text[at + 1] === "\n");
    return isLayout ? found : escapeOf(found);
  });
}

/** The text on one line: with all control characters as JSON escapes. */
export function plainLine(text: string): string {
  return text.replace(commanding, escapeOf);
}

function escapeOf(character: string): string {
  const escape = JSON.stringify(character).slice(1, -1);
  if (escape !== character) return escape;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

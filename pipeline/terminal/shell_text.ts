/** A command as one can paste it into a shell: quotes only where they are needed. */
export function commandText(words: readonly string[]): string {
  return words.map((word) =>
    /^[A-Za-z0-9_.\/:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
  ).join(" ");
}

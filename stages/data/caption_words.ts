/**
 * Whether a caption says anything. One of spaces or invisible letters has no word pieces: it can neither be
 * learned nor ranked, so every reader of captions refuses it.
 */
export function hasWord({ tokens }: { readonly tokens: readonly number[] }): boolean {
  return tokens.length > 0;
}

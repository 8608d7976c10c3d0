/** How the word pieces of a features artifact are written, for people to read. */

/**
 * @param folder of the artifact, which may know its tokenizer
 * @param vocabulary vocab.txt, where it does not
 * @returns the piece of an id, such as `##ing`; `#17` where nobody knows
 */
export async function wordPieces(
  folder: string,
  vocabulary: string | undefined,
): Promise<(id: number) => string> {
  const pieces = vocabulary === undefined
    ? await tokenizerPieces(`${folder}/tokenizer.json`)
    : (await Deno.readTextFile(vocabulary)).split(/\r?\n/);
  return (id) => pieces[id] ?? `#${id}`;
}

async function tokenizerPieces(file: string): Promise<string[]> {
  const pieces: string[] = [];
  try {
    const { model: { vocab } } = JSON.parse(await Deno.readTextFile(file));
    for (const [piece, id] of Object.entries(vocab)) pieces[id as number] = piece;
  } catch {
    // Databases of published text have none.
  }
  return pieces;
}

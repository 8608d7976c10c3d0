/** Maps the token ids of a features artifact back to word pieces, for display. */
import { readText } from "../../pipeline/contract/text_file.ts";

/**
 * @param folder the artifact, which may contain a tokenizer
 * @param vocabulary path of vocab.txt, used instead if given
 * @returns the piece of an id, such as `##ing`; `#17` if it is unknown
 */
export async function wordPieces(
  folder: string,
  vocabulary: string | undefined,
): Promise<(id: number) => string> {
  const pieces = vocabulary === undefined
    ? await tokenizerPieces(`${folder}/tokenizer.json`)
    : readText(vocabulary).split("\n");
  return (id) => pieces[id] ?? `#${id}`;
}

async function tokenizerPieces(file: string): Promise<string[]> {
  const pieces: string[] = [];
  try {
    const { model: { vocab } } = JSON.parse(await Deno.readTextFile(file));
    for (const [piece, id] of Object.entries(vocab)) pieces[id as number] = piece;
  } catch {
    // Features from published text databases have no tokenizer.
  }
  return pieces;
}

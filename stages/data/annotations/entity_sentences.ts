/**
 * Sentences of Flickr30k Entities (github.com/BryanPlummer/flickr30k_entities): `Sentences/<image>.txt`
 * has one caption per line, with its phrases in brackets:
 *
 *     [/EN#1/people/clothing A man in a hat] looks at [/EN#0/notvisual something] .
 *
 * The number identifies the entity across all captions of the image; 0 means no entity. A phrase ends at the
 * first `]`, as in the authors' code; brackets outside phrases are text.
 */
import { decodeText } from "../../../pipeline/contract/text_file.ts";
import { wrongIn } from "../formats/foreign_file.ts";

export interface EntitySentence {
  /** Without the markup. */
  readonly text: string;
  readonly phrases: readonly EntityPhrase[];
}

/** Half-open range of characters (UTF-16 units) of the text. */
export interface EntityPhrase {
  readonly start: number;
  readonly end: number;
  readonly entity: string;
  /** "people", "clothing", "scene", "notvisual" ... */
  readonly types: readonly string[];
}

/** Marks phrases that name nothing visible; it is shared by all of them, so it is not an entity. */
export const noEntity = "0";

const OPENING = "[/EN#";

/**
 * Parses every non-blank line.
 * @throws {Complaint} with the line, when a phrase is unclosed, nested or has no entity
 */
export function parseEntitySentences(bytes: Uint8Array, file: string): EntitySentence[] {
  const lines = decodeText(bytes, { file }).split("\n");
  return lines.flatMap((line, place) =>
    line.trim() === "" ? [] : [parseSentence(line, (what) => {
      throw wrongIn(file)(`line ${place + 1}: ${what}`);
    })]
  );
}

function parseSentence(line: string, refuse: (what: string) => never): EntitySentence {
  const phrases: EntityPhrase[] = [];
  let text = "";
  let from = 0;
  for (let open = line.indexOf(OPENING); open >= 0; open = line.indexOf(OPENING, from)) {
    text += line.slice(from, open);
    const close = line.indexOf("]", open);
    const shown = JSON.stringify(line.slice(open, open + 30));
    if (close < 0) refuse(`the phrase ${shown} is not closed`);
    const content = line.slice(open + OPENING.length, close);
    if (content.includes(OPENING)) refuse(`the phrase ${shown} contains another phrase`);
    // <entity>/<type>.../<type> <words>
    const parts = /^(\d{1,12})((?:\/[^\s/]+)+)\s+(\S[^]*)$/.exec(content);
    if (parts === null) refuse(`${shown} has no entity, no type or no words`);
    const words = parts![3]!.trimEnd();
    phrases.push({
      start: text.length,
      end: text.length + words.length,
      entity: parts![1]!,
      types: parts![2]!.slice(1).split("/"),
    });
    text += words;
    from = close + 1;
  }
  return { text: text + line.slice(from), phrases };
}

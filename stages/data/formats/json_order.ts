/**
 * JSON objects with their keys in file order. `JSON.parse` moves keys that look like integers to the front
 * and silently keeps only the last of duplicate keys; UNITER's order of texts is the key order of a file.
 */
import { readText } from "../../../pipeline/contract/text_file.ts";
import { decoding, type Wrong, wrongIn } from "./foreign_file.ts";

/** The entries of the object in a JSON file, in file order. */
export function readOrderedObject(path: string): Map<string, unknown> {
  return parseOrderedObject(readText(path), wrongIn(path));
}

/** @throws {Complaint} when `text` is not a JSON object or has duplicate keys */
export function parseOrderedObject(text: string, wrong: Wrong): Map<string, unknown> {
  const object = decoding(wrong, "invalid JSON", () => JSON.parse(text) as unknown);
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    throw wrong("this is not a JSON object");
  }
  const entries = new Map<string, unknown>();
  for (const key of keysInOrder(text)) {
    if (entries.has(key)) throw wrong(`duplicate key ${JSON.stringify(key)}`);
    entries.set(key, (object as Record<string, unknown>)[key]);
  }
  return entries;
}

const QUOTE = 0x22, BACKSLASH = 0x5c, COLON = 0x3a;
const OPEN_BRACKET = 0x5b, CLOSE_BRACKET = 0x5d, OPEN_BRACE = 0x7b, CLOSE_BRACE = 0x7d;

/** Keys of the outermost object of `text`, which must be valid JSON. */
function* keysInOrder(text: string): Generator<string> {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (letter === OPEN_BRACE || letter === OPEN_BRACKET) depth++;
    else if (letter === CLOSE_BRACE || letter === CLOSE_BRACKET) depth--;
    else if (letter === QUOTE) {
      const start = at++;
      while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
      if (depth === 1 && nextLetter(text, at + 1) === COLON) {
        yield JSON.parse(text.slice(start, at + 1));
      }
    }
  }
}

function nextLetter(text: string, at: number): number {
  while (text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at);
}

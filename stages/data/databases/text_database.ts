/**
 * Captions as UNITER's preprocessing stores them: `data.mdb` (text id -> LZ4 frame of a msgpack map),
 * id2len.json, txt2img.json, img2txts.json and meta.json. The key order of id2len.json is the order of
 * the texts; sampling depends on it, so it is kept even if ids look like numbers.
 */
import { decompressFrameSync } from "lz4-napi";
import { Buffer } from "node:buffer";
import { decoding, type Wrong, wrongIn } from "../formats/foreign_file.ts";
import { readOrderedObject } from "../formats/json_order.ts";
import { openLmdb } from "../formats/lmdb.ts";
import { decodeMsgpack, type MsgpackMap } from "../formats/msgpack.ts";

export interface TextEntry {
  readonly id: string;
  /** Name of its image in image databases. */
  readonly image: string;
  /** Token ids without special tokens. */
  readonly tokens: readonly number[];
  /** "" if the database does not store it. */
  readonly text: string;
}

export interface SpecialTokens {
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
  readonly unk: number;
}

export interface TextDatabase extends Disposable {
  readonly folder: string;
  readonly ids: readonly string[];
  readonly textsOfImage: ReadonlyMap<string, readonly string[]>;
  readonly special: SpecialTokens;
  readonly vocabularySize: number;
  /** Number of tokens, without special tokens. */
  length(id: string): number;
  read(id: string): TextEntry;
}

/** @throws {Complaint} when a file is missing or damaged, or the files are inconsistent */
export function openTextDatabase(folder: string): TextDatabase {
  const { special, vocabularySize } = readMeta(`${folder}/meta.json`);
  const lengths = readLengths(`${folder}/id2len.json`);
  const imageOf = readImages(`${folder}/txt2img.json`);
  const textsOfImage = readTexts(`${folder}/img2txts.json`);
  const image = checkTogether({ folder, lengths, imageOf, textsOfImage });
  const length = (id: string) => {
    const known = lengths.get(id);
    if (known === undefined) {
      throw wrongIn(`${folder}/id2len.json`)(`text ${JSON.stringify(id)} not found`);
    }
    return known;
  };
  const values = openLmdb(folder);
  return {
    folder,
    ids: [...lengths.keys()],
    textsOfImage,
    special,
    vocabularySize,
    length,
    read(id) {
      const wrong = wrongIn(values.file, { entry: id });
      const expected = { id, image: image(id), length: length(id), vocabularySize };
      const bytes = values.get(id);
      if (bytes === undefined) {
        throw wrong("the text is listed in id2len.json, but not in the database");
      }
      return readTextEntry(bytes, expected, wrong);
    },
    [Symbol.dispose]: () => values[Symbol.dispose](),
  };
}

/** What the JSON files say about a text. */
export interface ExpectedText {
  readonly id: string;
  readonly image: string;
  readonly length: number;
  readonly vocabularySize: number;
}

/** Longest entry that is accepted, in bytes: published ones have less than 10 kB. */
const LONGEST_ENTRY = 1 << 20;

/** Decodes a value of the database and checks it against the JSON files. */
export function readTextEntry(bytes: Uint8Array, expected: ExpectedText, wrong: Wrong): TextEntry {
  if (bytes.length > LONGEST_ENTRY) {
    throw wrong(`it has ${bytes.length} bytes, more than ${LONGEST_ENTRY}`);
  }
  const unpacked = decoding(
    wrong,
    "invalid LZ4 frame",
    () => decompressFrameSync(Buffer.from(bytes)),
  );
  const value = decodeMsgpack(unpacked, wrong);
  if (!(value instanceof Map)) throw wrong("this is not a msgpack map");
  const { id, image, length, vocabularySize } = expected;
  const tokens = tokensOf(value, { vocabularySize, wrong });
  if (tokens.length !== length) {
    throw wrong(`it has ${tokens.length} tokens, id2len.json says ${length}`);
  }
  const said = value.get("img_fname");
  if (said !== image) {
    throw wrong(`its image is ${JSON.stringify(said)}, txt2img.json says ${JSON.stringify(image)}`);
  }
  const text = value.get("sentence");
  return { id, image, tokens, text: typeof text === "string" ? text : "" };
}

function tokensOf(
  entry: MsgpackMap,
  { vocabularySize, wrong }: { vocabularySize: number; wrong: Wrong },
): number[] {
  const tokens = entry.get("input_ids");
  if (!Array.isArray(tokens)) throw wrong("it has no list `input_ids`");
  return tokens.map((token) => {
    if (!isNatural(token) || token >= vocabularySize) {
      throw wrong(`token ${String(token)} is outside the vocabulary of ${vocabularySize}`);
    }
    return token;
  });
}

/** Checks that every text has an image and both lists of pairs agree. Returns a lookup of a text's image. */
function checkTogether({ folder, lengths, imageOf, textsOfImage }: {
  folder: string;
  lengths: ReadonlyMap<string, number>;
  imageOf: ReadonlyMap<string, string>;
  textsOfImage: ReadonlyMap<string, readonly string[]>;
}) {
  const fix = "use files of one database: download or create them together";
  const wrongImages = wrongIn(`${folder}/txt2img.json`, { fix });
  const wrongTexts = wrongIn(`${folder}/img2txts.json`, { fix });
  const quoted = JSON.stringify;
  const listed = new Set<string>();
  for (const [image, ids] of textsOfImage) {
    for (const id of ids) {
      if (listed.has(id)) throw wrongTexts(`the text ${quoted(id)} is listed twice`);
      if (!lengths.has(id)) {
        throw wrongTexts(
          `the text ${quoted(id)} of image ${quoted(image)} is missing from id2len.json`,
        );
      }
      if (imageOf.get(id) !== image) {
        throw wrongTexts(
          `the text ${quoted(id)} belongs to image ${quoted(image)}, but txt2img.json says ${
            quoted(imageOf.get(id) ?? null)
          }`,
        );
      }
      listed.add(id);
    }
  }
  for (const id of lengths.keys()) {
    if (!imageOf.has(id)) throw wrongImages(`the text ${quoted(id)} of id2len.json has no image`);
    if (!listed.has(id)) {
      throw wrongTexts(`the text ${quoted(id)} of id2len.json is not listed for any image`);
    }
  }
  return (id: string) => imageOf.get(id)!;
}

function readMeta(file: string): { special: SpecialTokens; vocabularySize: number } {
  const wrong = wrongIn(file);
  const meta = readOrderedObject(file);
  const range = meta.get("v_range");
  const end: unknown = Array.isArray(range) && range.length === 2 ? range[1] : undefined;
  if (!isNatural(end) || end === 0) {
    throw wrong("`v_range` is not a range [start, end] of the vocabulary");
  }
  const token = (name: string) => {
    const value = meta.get(name);
    if (!isNatural(value) || value >= end) {
      throw wrong(
        `\`${name}\` is ${JSON.stringify(value)}, which is not in the vocabulary of ${end} tokens`,
      );
    }
    return value;
  };
  const special = { cls: token("CLS"), sep: token("SEP"), mask: token("MASK"), unk: token("UNK") };
  return { special, vocabularySize: end };
}

function readLengths(file: string): Map<string, number> {
  const lengths = checkedValues(file, isNatural, "not a number of tokens");
  for (const [id, length] of lengths) {
    if (length === 0) throw wrongIn(file, { entry: id })("the caption has no word");
  }
  return lengths;
}

function readImages(file: string): Map<string, string> {
  return checkedValues(file, (value) => typeof value === "string", "not an image name");
}

function readTexts(file: string): Map<string, readonly string[]> {
  const isList = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((item) => typeof item === "string");
  return checkedValues(file, isList, "not a list of text ids");
}

function checkedValues<Value>(
  file: string,
  fits: (value: unknown) => value is Value,
  complaint: string,
): Map<string, Value> {
  const entries = readOrderedObject(file);
  for (const [key, value] of entries) {
    if (!fits(value)) {
      throw wrongIn(file, { entry: key })(`${JSON.stringify(value)} is ${complaint}`);
    }
  }
  return entries as Map<string, Value>;
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

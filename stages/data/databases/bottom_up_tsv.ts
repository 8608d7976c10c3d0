/**
 * Region features in the format of bottom-up attention's tools: one line per image, tab-separated, with
 * arrays as base64 of float32. The file is scanned once for the offsets of its lines; images are then read by
 * offset.
 *
 *     image_id image_w image_h num_boxes boxes features [objects_id objects_conf]
 *     img_id img_h img_w objects_id objects_conf attrs_id attrs_conf num_boxes boxes features
 *
 * The second form is LXMERT's. `boxes` are x1 y1 x2 y2 in pixels.
 */
import { type ByteSource, openBytes } from "../formats/byte_source.ts";
import { decodeUtf8, decoding, type Wrong, wrongIn } from "../formats/foreign_file.ts";
import type { NumpyArray } from "../formats/numpy_array.ts";
import type { ImageDatabase, RegionChoice } from "./image_database.ts";
import { regionRows } from "./region_rows.ts";

export function openBottomUpTsv(path: string, choice: RegionChoice): ImageDatabase {
  const source = openBytes(path);
  try {
    return readBottomUpTsv(source, choice);
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

/** Reads a table from any bytes; takes ownership of the source. */
export function readBottomUpTsv(source: ByteSource, choice: RegionChoice): ImageDatabase {
  const lines = indexLines(source);
  const names = [...lines.keys()];
  return {
    place: source.file,
    format: "tsv",
    names: () => names,
    read(image) {
      const wrong = wrongIn(source.file, { entry: image });
      const line = lines.get(image);
      if (line === undefined) throw wrong("image not found");
      const bytes = new Uint8Array(line.end - line.start);
      source.read(line.start, bytes);
      const wrongLine: Wrong = (what, cause) => wrong(`line ${line.number}: ${what}`, cause);
      return regionRows(parseLine(bytes, wrongLine), { choice, wrong: wrongLine });
    },
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}

interface Line {
  /** From 1. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

const TAB = 0x09, NEWLINE = 0x0a, RETURN = 0x0d;
/** The byte-order mark of UTF-8. */
const MARK = [0xef, 0xbb, 0xbf];
const CHUNK = 1 << 22;
/** Longest line that is accepted, in bytes: 100 regions of 2,048 numbers take 1.1 MB. */
const LONGEST_LINE = 1 << 26;
const LONGEST_ID = 200;

/** Lines by id. */
function indexLines(source: ByteSource): Map<string, Line> {
  const wrong = wrongIn(source.file);
  const lines = new Map<string, Line>();
  const chunk = new Uint8Array(Math.min(CHUNK, source.size));
  let start = startOfText(source);
  let number = 0;
  /** The byte that ended the line before. */
  let after: number | undefined;
  const finish = (end: number, known: Uint8Array | undefined) => {
    number++;
    if (end - start > LONGEST_LINE) {
      throw wrong(`line ${number} has ${end - start} bytes, more than ${LONGEST_LINE}`);
    }
    if (end > start) {
      const head = known ?? new Uint8Array(Math.min(LONGEST_ID + 1, end - start));
      if (known === undefined) source.read(start, head);
      const id = idOf(head, (what) => wrong(`line ${number}: ${what}`));
      const before = lines.get(id);
      if (before !== undefined) {
        throw wrong(`lines ${before.number} and ${number} both describe image ${id}: remove one`);
      }
      lines.set(id, { number, start, end });
    }
    start = end + 1;
  };
  for (let offset = 0; offset < source.size; offset += chunk.length) {
    const filled = chunk.subarray(0, Math.min(chunk.length, source.size - offset));
    source.read(offset, filled);
    for (const at of lineEnds(filled)) {
      const from = start - offset;
      const isEndOfPair = at === from && filled[at] === NEWLINE && after === RETURN;
      const whole = from >= 0
        ? filled.subarray(from, Math.min(at, from + LONGEST_ID + 1))
        : undefined;
      if (isEndOfPair) start = offset + at + 1;
      else finish(offset + at, whole);
      after = filled[at]!;
    }
    if (offset + filled.length - start > LONGEST_LINE) {
      throw wrong(
        `line ${number + 1} has more than ${LONGEST_LINE} bytes: this is not a table of features`,
      );
    }
  }
  if (start < source.size) finish(source.size, undefined);
  return lines;
}

/** Places of bytes that end a line, each of a pair of them on its own. */
function* lineEnds(bytes: Uint8Array): Generator<number> {
  let [newline, carriage] = [bytes.indexOf(NEWLINE), bytes.indexOf(RETURN)];
  while (newline >= 0 || carriage >= 0) {
    if (newline >= 0 && (carriage < 0 || newline < carriage)) {
      yield newline;
      newline = bytes.indexOf(NEWLINE, newline + 1);
    } else {
      yield carriage;
      carriage = bytes.indexOf(RETURN, carriage + 1);
    }
  }
}

/** After the byte-order mark, if there is one. */
function startOfText(source: ByteSource): number {
  if (source.size < MARK.length) return 0;
  const first = new Uint8Array(MARK.length);
  source.read(0, first);
  return MARK.every((byte, at) => byte === first[at]) ? MARK.length : 0;
}

function idOf(head: Uint8Array, wrong: Wrong): string {
  const end = head.indexOf(TAB);
  if (end < 1) throw wrong("it does not start with an image id and a tab");
  return decodeUtf8(head.subarray(0, end), wrong);
}

/** Names of the columns, by their number. */
const columns: ReadonlyMap<number, readonly string[]> = new Map(
  [
    "id w h count boxes features",
    "id w h count boxes features objects conf",
    "id h w objects conf attributes attributeConf count boxes features",
  ].map((line) => line.split(" ")).map((names) => [names.length, names]),
);

function parseLine(bytes: Uint8Array, wrong: Wrong): Map<string, NumpyArray> {
  const fields: Uint8Array[] = [];
  for (let start = 0; start <= bytes.length;) {
    const tab = bytes.indexOf(TAB, start);
    const stop = tab < 0 ? bytes.length : tab;
    fields.push(bytes.subarray(start, stop));
    start = stop + 1;
    if (fields.length > 10) break;
  }
  const names = columns.get(fields.length);
  if (names === undefined) {
    throw wrong(`it has ${fields.length} columns; expected 6, 8 or LXMERT's 10`);
  }
  const field = (name: string) => fields[names.indexOf(name)]!;
  const natural = (name: string) => {
    const text = ascii.decode(field(name).subarray(0, 20));
    if (!/^\d{1,7}$/.test(text) || Number(text) === 0) {
      throw wrong(`${name} is ${JSON.stringify(text)}; expected a whole number from 1`);
    }
    return Number(text);
  };
  const [count, width, height] = [natural("count"), natural("w"), natural("h")];
  const numbers = (name: string, expected?: number) => {
    const data = decoding(wrong, `${name} is not valid base64`, () => fromBase64(field(name)));
    const perRow = data.length / 4 / count;
    if (expected === undefined ? !Number.isInteger(perRow) : perRow !== expected) {
      throw wrong(
        `${name} has ${data.length} bytes, which is not a float32 array of ${count} boxes`,
      );
    }
    return { type: "<f4", shape: [count, perRow], data };
  };
  const boxes = numbers("boxes", 4);
  const arrays = new Map<string, NumpyArray>([
    ["features", numbers("features")],
    ["norm_bb", { type: "<f4", shape: [count, 6], data: fractions(boxes.data, { width, height }) }],
  ]);
  if (names.includes("conf")) arrays.set("conf", { ...numbers("conf", 1), shape: [count] });
  return arrays;
}

/** Converts x1 y1 x2 y2 in pixels to x1 y1 x2 y2 w h as fractions of the image. */
function fractions(
  data: Uint8Array,
  { width, height }: { width: number; height: number },
): Uint8Array {
  const boxes = new Float32Array(data.buffer, data.byteOffset, data.length / 4);
  const result = new Float32Array(boxes.length / 4 * 6);
  for (let from = 0, to = 0; from < boxes.length; from += 4, to += 6) {
    const [x1, y1, x2, y2] = boxes.subarray(from, from + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    result.set(
      [x1, y1, x2, y2, x2 - x1, y2 - y1].map((value, at) => value / (at % 2 ? height : width)),
      to,
    );
  }
  return new Uint8Array(result.buffer);
}

/** The decoded bytes in a new buffer, so they are aligned. */
function fromBase64(field: Uint8Array): Uint8Array {
  return Uint8Array.fromBase64(ascii.decode(field), { lastChunkHandling: "strict" });
}

const ascii = new TextDecoder("latin1");

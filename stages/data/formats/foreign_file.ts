/** Errors of files that other programs wrote, and decoding of the words and names in binary formats. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { readText } from "../../../pipeline/contract/text_file.ts";

/** Creates the error for a file, or for one entry of it. */
export type Wrong = (what: string, cause?: unknown) => Complaint;

/** Errors name the file, and the entry if one is given. */
export function wrongIn(
  file: string,
  { entry, fix }: { entry?: string; fix?: string } = {},
): Wrong {
  return (what, cause) =>
    new Complaint(
      entry === undefined ? what : `entry ${JSON.stringify(entry)}: ${what}`,
      fix ?? "download the file again and compare its checksum, or recreate it",
      { place: { file }, exitCode: 1, cause },
    );
}

/** Runs a third-party decoder: whatever it throws is reported as an error of the file. */
export function decoding<Result>(wrong: Wrong, what: string, decode: () => Result): Result {
  try {
    return decode();
  } catch (cause) {
    throw wrong(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/**
 * A text within a binary format; whole text files are read by `readText`.
 * @throws {Complaint} made by `wrong` for invalid UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, wrong: Wrong): string {
  return shortAscii(bytes) ?? decoding(wrong, "invalid UTF-8", () => utf8.decode(bytes));
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A fast path for words and names: calling TextDecoder for each would dominate the running time. */
function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.length > 64) return undefined;
  let text = "";
  for (const byte of bytes) {
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * The value of a JSON file.
 * @throws {Complaint} made by `wrong` for invalid JSON, and by the reader for what is not text
 */
export function readJson(file: string, wrong: Wrong): unknown {
  const text = readText(file);
  return decoding(wrong, "invalid JSON", () => JSON.parse(text) as unknown);
}

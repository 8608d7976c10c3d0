/** Errors of files that other programs wrote, and decoding of their text. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";

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

/** @throws {Complaint} made by `wrong` for invalid UTF-8 */
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
 * Reads a text file.
 * @throws {Complaint} with the first line that is not UTF-8, which decoders would silently replace
 */
export async function readUtf8(file: string): Promise<string> {
  const bytes = await Deno.readFile(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) ||
      (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new Complaint(
      wide ? "the file is UTF-16; expected UTF-8" : "the file is not UTF-8",
      "save it as UTF-8",
      { place: { file, ...(!wide && { line: firstBadLine(bytes) }) }, exitCode: 1, cause },
    );
  }
}

/** Number of the first invalid line, from 1. A newline byte is never part of a longer UTF-8 character. */
function firstBadLine(bytes: Uint8Array): number {
  const strict = new TextDecoder("utf-8", { fatal: true });
  for (let line = 1, from = 0;; line++) {
    const end = bytes.indexOf(0x0a, from);
    try {
      strict.decode(bytes.subarray(from, end < 0 ? bytes.length : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    from = end + 1;
  }
}

/** How files that others wrote are complained about. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";

/** Makes the error of one file or one entry of it. */
export type Wrong = (what: string, cause?: unknown) => Complaint;

/** Every error names the file, and the entry when one is meant. */
export function wrongIn(
  file: string,
  { entry, fix }: { entry?: string; fix?: string } = {},
): Wrong {
  return (what, cause) =>
    new Complaint(
      entry === undefined ? what : `entry ${JSON.stringify(entry)}: ${what}`,
      fix ?? "fetch the file again and compare its checksum, or make it again",
      { place: { file }, exitCode: 1, cause },
    );
}

/** Runs a decoder of somebody else's: whatever it throws is an error of the file. */
export function decoding<Result>(wrong: Wrong, what: string, decode: () => Result): Result {
  try {
    return decode();
  } catch (cause) {
    throw wrong(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/** UTF-8, refused when it is not. */
export function decodeUtf8(bytes: Uint8Array, wrong: Wrong): string {
  return shortAscii(bytes) ?? decoding(wrong, "no UTF-8", () => utf8.decode(bytes));
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Words and names: calling the decoder for each would be most of the work. */
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
 * A text file from outside.
 * @throws {Complaint} with the first line that is not UTF-8, which would be damaged without a word
 */
export async function readUtf8(file: string): Promise<string> {
  const bytes = await Deno.readFile(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) ||
      (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new Complaint(
      wide ? "the file is UTF-16, expected is UTF-8" : "the file is not UTF-8",
      "save it as UTF-8",
      { place: { file, ...(!wide && { line: firstBadLine(bytes) }) }, exitCode: 1, cause },
    );
  }
}

/** From 1. A line end is never within a character. */
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

/**
 * Reads text that other programs or people wrote: experiment files, captions, vocabularies, JSON, tables.
 * UTF-8 with or without a byte-order mark and with any line ends is text; everything else is refused, because
 * decoders would silently replace what they cannot read.
 *
 * @module
 */
import { Complaint, type ExitCode } from "./complaint.ts";

/**
 * The text of a file with every line end as `\n`, without a byte-order mark.
 * @throws {Complaint} when the file cannot be read or is not text
 */
export function readText(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(file);
  } catch (cause) {
    throw new Complaint(
      `the file cannot be read: ${(cause as Error).message}`,
      "check its path and permissions",
      { place: { file }, exitCode: 1, cause },
    );
  }
  return decodeText(bytes, { file });
}

/**
 * The text with every line end as `\n`, without a byte-order mark.
 *
 * @param options.file where the bytes are from, for errors
 * @param options.exitCode 1 unless the file is part of the request itself
 * @throws {Complaint} with the first line that is not text
 */
export function decodeText(
  bytes: Uint8Array,
  { file, exitCode = 1 }: { readonly file: string; readonly exitCode?: ExitCode },
): string {
  const refuse = (what: string, line?: number, cause?: unknown) =>
    new Complaint(what, "save it as UTF-8", {
      place: { file, ...(line !== undefined && { line }) },
      exitCode,
      cause,
    });
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) ||
    (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isWide) throw refuse("the file is UTF-16; expected UTF-8");
  let text: string;
  try {
    text = plainLineEnds(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const line = lineAfter(decodedStart(bytes));
    throw refuse(
      "the file is not UTF-8",
      line,
      cause,
    );
  }
  const zero = text.indexOf("\0");
  if (zero >= 0) {
    throw refuse("the file is not text: it has a zero byte", lineAfter(text.slice(0, zero)));
  }
  return text;
}

const plainLineEnds = (text: string) =>
  text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text;
const lineAfter = (text: string) => text.split("\n").length;

/** The text before the first invalid byte. */
function decodedStart(bytes: Uint8Array): string {
  // With `stream`, a character that is cut off at the end is no error.
  const start = (length: number) => {
    try {
      const strict = new TextDecoder("utf-8", { fatal: true });
      return strict.decode(bytes.subarray(0, length), { stream: true });
    } catch {
      return undefined;
    }
  };
  let [valid, invalid] = [0, bytes.length + 1];
  while (invalid - valid > 1) {
    const middle = Math.floor((valid + invalid) / 2);
    if (start(middle) === undefined) invalid = middle;
    else valid = middle;
  }
  return plainLineEnds(start(valid)!);
}

import { Complaint } from "../../pipeline/contract/complaint.ts";

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

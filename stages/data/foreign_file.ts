/** How files that others wrote are complained about. */
import { Complaint } from "../../pipeline/contract/complaint.ts";

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

/** Random access to bytes, in a file of any size (never read as a whole) or in memory. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";

export interface ByteSource extends Disposable {
  /** Path shown in errors. */
  readonly file: string;
  readonly size: number;
  /** Fills `into` with the bytes from `offset` on; they must lie within the source. */
  read(offset: number, into: Uint8Array): void;
}

/** @throws {Complaint} when the file cannot be opened or is not a regular file */
export function openBytes(path: string): ByteSource {
  let opened: Deno.FsFile;
  try {
    opened = Deno.openSync(path);
  } catch (cause) {
    throw new Complaint(
      `the file cannot be opened: ${(cause as Error).message}`,
      "check the path and the file's permissions",
      { place: { file: path }, exitCode: 1, cause },
    );
  }
  const { size, isFile } = opened.statSync();
  const fail = (what: string, cause?: unknown) =>
    new Complaint(what, "do not change files while they are being read, and check the disk", {
      place: { file: path },
      exitCode: 1,
      cause,
    });
  if (!isFile) {
    opened.close();
    throw fail("this is not a regular file");
  }
  return {
    file: path,
    size,
    read(offset, into) {
      try {
        opened.seekSync(offset, Deno.SeekMode.Start);
        for (let filled = 0; filled < into.length;) {
          const count = opened.readSync(filled === 0 ? into : into.subarray(filled));
          if (count === null) throw new Error(`the file ends at ${offset + filled}`);
          filled += count;
        }
      } catch (cause) {
        throw fail(`reading at byte ${offset} failed: ${(cause as Error).message}`, cause);
      }
    },
    [Symbol.dispose]: () => opened.close(),
  };
}

export function bytesInMemory(bytes: Uint8Array, file = "memory"): ByteSource {
  return {
    file,
    size: bytes.length,
    read(offset, into) {
      if (offset + into.length > bytes.length) {
        throw new Error(`internal: read of ${into.length} bytes at ${offset} of ${bytes.length}`);
      }
      into.set(bytes.subarray(offset, offset + into.length));
    },
    [Symbol.dispose]: () => {},
  };
}

/** Concatenates arrays. */
export function joinBytes(parts: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  const all = [...parts];
  const whole = new Uint8Array(all.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of all) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

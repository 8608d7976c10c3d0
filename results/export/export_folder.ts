/** Writes the files of an export and lists them with sizes and digests. */
import { createHash } from "node:crypto";
import { dirname } from "node:path";

export interface FileNote {
  readonly name?: string;
  readonly description?: string;
  /** MIME type. */
  readonly encodingFormat?: string;
}

export interface ExportedFile extends FileNote {
  /** Relative to the exported folder, with `/`. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

const formats: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  json: "application/json",
  jsonl: "application/jsonl",
  log: "text/plain",
  png: "image/png",
  txt: "text/plain",
};

export function openExport(folder: string) {
  const files: ExportedFile[] = [];
  const place = (path: string) => {
    const full = `${folder}/${path}`;
    Deno.mkdirSync(dirname(full), { recursive: true });
    return full;
  };
  return {
    write(path: string, text: string, note: FileNote = {}): void {
      const bytes = new TextEncoder().encode(text);
      Deno.writeFileSync(place(path), bytes);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const encodingFormat = formatOf(path);
      files.push({ path, size: bytes.length, sha256, encodingFormat, ...note });
    },
    /** @returns the SHA-256 of the copied bytes */
    copy(from: string, path: string, note: FileNote = {}): string {
      const copied = copyFile(from, place(path));
      files.push({ path, ...copied, encodingFormat: formatOf(path), ...note });
      return copied.sha256;
    },
    /** A path for a file that the caller writes and then reports with `written`. */
    place,
    written(path: string, note: FileNote): void {
      files.push({ path, ...copyFile(`${folder}/${path}`), ...note });
    },
    files: (): readonly ExportedFile[] => files,
  };
}

/** MIME type by file name extension. */
function formatOf(path: string): string {
  return formats[/\.(\w+)$/.exec(path)?.[1] ?? ""] ?? "application/octet-stream";
}

/** Hashes a file, and copies it if `to` is given. */
function copyFile(from: string, to?: string): { size: number; sha256: string } {
  using source = Deno.openSync(from);
  using target = to === undefined
    ? undefined
    : Deno.openSync(to, { write: true, create: true, truncate: true });
  const hash = createHash("sha256");
  const buffer = new Uint8Array(1 << 20);
  let size = 0;
  for (;;) {
    const read = source.readSync(buffer);
    if (read === null) return { size, sha256: hash.digest("hex") };
    const bytes = buffer.subarray(0, read);
    hash.update(bytes);
    for (let rest = bytes; target !== undefined && rest.length > 0;) {
      rest = rest.subarray(target.writeSync(rest));
    }
    size += read;
  }
}

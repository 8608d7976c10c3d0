import type { ArtifactStore } from "../store/artifact_store.ts";
import type { KeyedNode } from "../key/key.ts";

/** The log file of a stage run: the last that the stage and its libraries printed. */
export interface StageLog {
  /** Opens the file, now that its folder exists, and writes earlier lines first. */
  open(): void;
  line(text: string): void;
  close(): void;
}

/** What is kept of a log when it is cut, and up to twice as much in between, in bytes. */
export const keptOfLog = 4 << 20;

const cutNote = "(earlier lines were left out)\n";

export function stageLog(
  store: ArtifactStore,
  { key, definition }: Pick<KeyedNode, "key" | "definition">,
): StageLog {
  let file: Deno.FsFile | undefined;
  let size = 0;
  let early = "";
  const write = (text: string) => {
    if (file === undefined) {
      early = (early + text).slice(-(1 << 16));
      return;
    }
    size += tryWrite(file, text);
    if (size > 2 * keptOfLog) size = tryCut(file, size);
  };
  return {
    open() {
      // A quick stage may already be complete, and its folder renamed, when its start is reported.
      for (const folder of [store.pendingFolder(key), store.completeFolder(definition.name, key)]) {
        try {
          const path = `${folder}/log/output.log`;
          file = Deno.openSync(path, { create: true, append: true, read: true });
          size = file.statSync().size;
          break;
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      }
      write(early);
      early = "";
    },
    line: (text) => write(`${text}\n`),
    close() {
      file?.close();
      file = undefined;
    },
  };
}

/**
 * A failing log, for example on a full disk, must not hide the error that the stage itself reports.
 * The end of the log is also in memory and is shown when the stage fails.
 *
 * @returns number of bytes written
 */
function tryWrite(file: Deno.FsFile, text: string): number {
  try {
    return file.writeSync(new TextEncoder().encode(text));
  } catch {
    return 0;
  }
}

/** Keeps the last whole lines of a log; returns its new size. */
function tryCut(file: Deno.FsFile, size: number): number {
  try {
    const tail = new Uint8Array(keptOfLog);
    file.seekSync(-keptOfLog, Deno.SeekMode.End);
    let filled = 0;
    while (filled < tail.length) {
      const read = file.readSync(tail.subarray(filled));
      if (read === null) break;
      filled += read;
    }
    const lines = tail.subarray(tail.indexOf(10) + 1, filled);
    file.truncateSync(0);
    const written = tryWrite(file, cutNote) + file.writeSync(lines);
    return written;
  } catch {
    return size;
  }
}

import type { ArtifactStore } from "../store/artifact_store.ts";
import type { KeyedNode } from "../key/key.ts";

/** The log file of a stage run: what it and the libraries below it print. */
export interface StageLog {
  /** From now on the folder is there; what came before is written first. */
  open(): void;
  line(text: string): void;
  close(): void;
}

export function stageLog(store: ArtifactStore, { key, definition }: KeyedNode): StageLog {
  let file: Deno.FsFile | undefined;
  let early = "";
  const write = (text: string) => {
    if (file === undefined) early = (early + text).slice(-(1 << 16));
    else tryWrite(file, text);
  };
  return {
    open() {
      // A quick stage may be complete, and its folder renamed, before we hear that it started.
      for (const folder of [store.pendingFolder(key), store.completeFolder(definition.name, key)]) {
        try {
          file = Deno.openSync(`${folder}/log/output.log`, { create: true, append: true });
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

/** A log that cannot be written, as on a full disk, must not hide what the stage itself says of it. */
function tryWrite(file: Deno.FsFile, text: string): void {
  try {
    file.writeSync(new TextEncoder().encode(text));
  } catch {
    // The end of the log is also kept in memory and shown when the stage fails.
  }
}

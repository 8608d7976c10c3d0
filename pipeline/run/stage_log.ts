import type { ArtifactStore } from "../store/artifact_store.ts";
import type { KeyedNode } from "../key/key.ts";

/** The log file of a stage run: everything that the stage and its libraries print. */
export interface StageLog {
  /** Opens the file, now that its folder exists, and writes earlier lines first. */
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
      // A quick stage may already be complete, and its folder renamed, when its start is reported.
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

/** A failing log, for example on a full disk, must not hide the error that the stage itself reports. */
function tryWrite(file: Deno.FsFile, text: string): void {
  try {
    file.writeSync(new TextEncoder().encode(text));
  } catch {
    // The end of the log is also in memory and is shown when the stage fails.
  }
}

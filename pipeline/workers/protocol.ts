/**
 * The messages between the pipeline and a worker process, as lines of JSON. A worker's lines start
 * with the record separator, which distinguishes them from text that a library prints on standard
 * output; that text goes to the stage's log.
 *
 *     pipeline   run            lock            go              release
 *     worker          loaded          locked         … filled            released
 *
 * At `loaded` it has all code of its stage in memory. The worker holds the key's lock from `locked` to `released` and writes only to its pending folder;
 * only the pipeline moves a filled folder to the complete ones.
 */
import type { Canonical } from "../disk/canonical.ts";
import type { Preimage } from "../key/key.ts";
import type { Manifest } from "../store/manifest.ts";
import type { FileState } from "../disk/file_state.ts";
import type { Place } from "../contract/complaint.ts";
import type { Grant } from "./grant.ts";
import type { StageEvent } from "../contract/progress.ts";

/** One stage run. All paths are absolute. */
export interface WorkerJob {
  /** Results folder. */
  readonly root: string;
  /** The folder to fill, and the lock that must be held to do so. */
  readonly pending: string;
  readonly lock: string;
  readonly key: string;
  readonly preimage: Preimage;
  /** URLs of the modules that the stage's code consists of. */
  readonly modules: readonly string[];
  /** With defaults filled in and absolute paths. */
  readonly parameters: Readonly<Record<string, Canonical>>;
  /** Role -> absolute path of each outside file. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * Outside files that it or its inputs read, and the library that it computes with; they must not
   * change while it runs.
   */
  readonly watched: readonly FileState[];
  /** Port -> the artifact to read. */
  readonly inputs: Readonly<Record<string, WorkerJobInput>>;
  readonly threads: number;
  /** The circumstances of the run, for its manifest. */
  readonly circumstances: Omit<Manifest["circumstances"], "started" | "seconds">;
  /** Recompute the result even if it is already complete. */
  readonly again: boolean;
  /** Permissions of its process. */
  readonly grant: Grant;
  /** Environment variables for its process, in addition to those of the pipeline. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface WorkerJobInput {
  /** The artifact. */
  readonly folder: string;
  /** The kind of stage that wrote it. */
  readonly kind: string;
  readonly key: string;
  /** Like `WorkerJob.files`, for the run that wrote it. */
  readonly files: Readonly<Record<string, string>>;
}

export type ToWorker =
  | { readonly type: "run"; readonly job: WorkerJob }
  /** Lock the key. */
  | { readonly type: "lock" }
  /** Fill the pending folder. */
  | { readonly type: "go"; readonly inputDigests: Readonly<Record<string, string>> }
  /** Release the lock; this job is finished. */
  | { readonly type: "release" }
  /** Stop the running stage at its next safe point. */
  | { readonly type: "stop" }
  /** Exit; nothing is running. */
  | { readonly type: "close" };

export type FromWorker =
  | StageEvent
  /** The stage's code is loaded; later edits of its files change nothing for this process. */
  | { readonly type: "loaded" }
  | { readonly type: "locked" }
  /** The pending folder is complete and synced to the disk. */
  | { readonly type: "filled"; readonly manifest: Manifest }
  | { readonly type: "released" }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly failure: Failure };

export interface Failure {
  readonly what: string;
  /** Absent for a bug in this program. */
  readonly fix?: string;
  readonly place?: Place;
}

const mark = "\x1e";

export function workerLine(event: FromWorker): string {
  return `${mark}${JSON.stringify(event)}\n`;
}

/** Splits a line of a worker's standard output into text of a library and an event, if it has one. */
export function readWorkerLine(line: string): { text: string; event: FromWorker | undefined } {
  const start = line.indexOf(mark);
  if (start < 0) return { text: line, event: undefined };
  return { text: line.slice(0, start), event: JSON.parse(line.slice(start + 1)) };
}

/** Converts UTF-8 bytes to lines without their line endings. */
export class TextLineStream {
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;

  constructor() {
    const decoder = new TextDecoderStream();
    let rest = "";
    const lines = new TransformStream<string, string>({
      transform(chunk, controller) {
        const parts = (rest + chunk).split("\n");
        rest = parts.pop()!;
        for (const part of parts) controller.enqueue(part);
      },
      flush(controller) {
        if (rest !== "") controller.enqueue(rest);
      },
    });
    this.writable = decoder.writable as WritableStream<Uint8Array<ArrayBuffer>>;
    this.readable = decoder.readable.pipeThrough(lines);
  }
}

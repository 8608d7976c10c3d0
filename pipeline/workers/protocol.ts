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
import * as v from "valibot";
import type { Canonical } from "../disk/canonical.ts";
import type { Preimage } from "../key/key.ts";
import type { Manifest } from "../store/manifest.ts";
import type { FileState } from "../disk/file_state.ts";
import type { ResultTables } from "../store/result_rows.ts";
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
  /** What its user can do if it needs too much memory. */
  readonly lower: string;
  /** The tables that it may record rows in. */
  readonly tables: ResultTables;
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

/**
 * Splits a line of a worker's standard output into text of a library and an event, if it has one.
 * What looks like an event and is none is text, as a stage can print anything.
 */
export function readWorkerLine(line: string): { text: string; event: FromWorker | undefined } {
  const start = line.indexOf(mark);
  const event = start < 0 ? undefined : eventIn(line.slice(start + 1));
  return { text: event === undefined ? line : line.slice(0, start), event };
}

/** What is used of each event as soon as it is received; the store checks a manifest. */
const eventShape = v.union([
  v.object({ type: v.picklist(["loaded", "locked", "waiting", "started", "released", "stopped"]) }),
  v.object({
    type: v.literal("progress"),
    done: v.number(),
    total: v.number(),
    unit: v.string(),
    note: v.optional(v.string()),
  }),
  v.object({ type: v.literal("say"), line: v.string() }),
  v.object({ type: v.literal("filled"), manifest: v.looseObject({}) }),
  v.object({
    type: v.literal("failed"),
    failure: v.object({ what: v.string(), fix: v.optional(v.string()) }),
  }),
]);

function eventIn(text: string): FromWorker | undefined {
  try {
    const event: unknown = JSON.parse(text);
    return v.is(eventShape, event) ? event as FromWorker : undefined;
  } catch {
    return undefined;
  }
}

/** Characters; longer text without a line end is cut into lines. */
export const longestLine = 1 << 16;

/** Longer than any event. */
const longestEvent = 1 << 26;

/** Converts UTF-8 bytes to lines without their line endings. */
export class TextLineStream {
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;

  /** @param longest characters of a line; longer ones are cut, unless they may be an event */
  constructor(longest: number = Infinity) {
    const decoder = new TextDecoderStream();
    // Joined only at its end: a line may come in thousands of pieces.
    let pieces: string[] = [];
    let length = 0;
    let mayBeEvent = false;
    const lines = new TransformStream<string, string>({
      transform(chunk, controller) {
        const parts = chunk.split("\n");
        for (const [index, part] of parts.entries()) {
          if (index > 0) end(controller);
          if (part === "") continue;
          pieces.push(part);
          length += part.length;
          mayBeEvent ||= part.includes(mark);
          if (length > (mayBeEvent ? longestEvent : longest)) end(controller);
        }
      },
      flush(controller) {
        if (length > 0) end(controller);
      },
    });
    const end = (controller: TransformStreamDefaultController<string>) => {
      controller.enqueue(pieces.join(""));
      [pieces, length, mayBeEvent] = [[], 0, false];
    };
    this.writable = decoder.writable as WritableStream<Uint8Array<ArrayBuffer>>;
    this.readable = decoder.readable.pipeThrough(lines);
  }
}

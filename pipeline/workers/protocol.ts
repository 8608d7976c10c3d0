/**
 * What the pipeline and a worker process say to each other: lines of JSON. A worker's lines begin
 * with the record separator, so that whatever a library prints on standard output is told apart
 * and goes to the stage's log.
 *
 *     pipeline   run               go              release
 *     worker          locked            … filled            released
 *
 * The worker holds the key's lock from `locked` to `released` and writes nothing but its pending
 * folder; only the pipeline moves what is complete.
 */
import type { Canonical } from "../disk/canonical.ts";
import type { Preimage } from "../key/key.ts";
import type { Manifest } from "../store/manifest.ts";
import type { FileState } from "../key/outside_files.ts";
import type { Place } from "../contract/complaint.ts";
import type { Grant } from "./grant.ts";
import type { StageEvent } from "../contract/progress.ts";

/** One stage to run. Paths are absolute. */
export interface WorkerJob {
  /** Results folder. */
  readonly root: string;
  /** The folder to fill, and the lock that says who may. */
  readonly pending: string;
  readonly lock: string;
  readonly key: string;
  readonly preimage: Preimage;
  /** After defaults, with absolute paths. */
  readonly parameters: Readonly<Record<string, Canonical>>;
  /** Role -> absolute path of what it reads from outside. */
  readonly files: Readonly<Record<string, string>>;
  /** Files from outside that it or its inputs read: they stay as they are while it runs. */
  readonly watched: readonly FileState[];
  /** Port -> what to read. */
  readonly inputs: Readonly<Record<string, WorkerJobInput>>;
  readonly threads: number;
  /** What its manifest says of how it came to run. */
  readonly circumstances: Omit<Manifest["circumstances"], "started" | "seconds">;
  /** Make it although a complete one is there. */
  readonly again: boolean;
  /** What its process may do. */
  readonly grant: Grant;
  /** Variables of the environment of its process, beside those of the pipeline's. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface WorkerJobInput {
  /** The artifact. */
  readonly folder: string;
  /** Name of the definition of the stage that made it. */
  readonly stage: string;
  readonly key: string;
  /** As `WorkerJob.files`, of the run that made it. */
  readonly files: Readonly<Record<string, string>>;
}

export type ToWorker =
  | { readonly type: "run"; readonly job: WorkerJob }
  /** Fill the pending folder. */
  | { readonly type: "go"; readonly inputDigests: Readonly<Record<string, string>> }
  /** Give the lock back; nothing more is to be done for this job. */
  | { readonly type: "release" }
  /** Stop the running stage at its next safe point. */
  | { readonly type: "stop" }
  /** Exit; nothing is running. */
  | { readonly type: "close" };

export type FromWorker =
  | StageEvent
  | { readonly type: "locked" }
  /** The pending folder is whole and on the disk. */
  | { readonly type: "filled"; readonly manifest: Manifest }
  | { readonly type: "released" }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly failure: Failure };

export interface Failure {
  readonly what: string;
  /** Absent for a bug of ours. */
  readonly fix?: string;
  readonly place?: Place;
}

const mark = "\x1e";

export function workerLine(event: FromWorker): string {
  return `${mark}${JSON.stringify(event)}\n`;
}

/** What a line of a worker's standard output holds: text of a library, an event, or both. */
export function readWorkerLine(line: string): { text: string; event: FromWorker | undefined } {
  const start = line.indexOf(mark);
  if (start < 0) return { text: line, event: undefined };
  return { text: line.slice(0, start), event: JSON.parse(line.slice(start + 1)) };
}

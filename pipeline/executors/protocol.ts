/**
 * What the pipeline and a worker process say to each other: lines of JSON. A worker's lines begin
 * with the record separator, so that whatever a library prints on standard output is told apart
 * and goes to the stage's log.
 */
import type { Canonical } from "../canonical.ts";
import type { Preimage } from "../fingerprint.ts";
import type { FileState } from "../outside_files.ts";
import type { Scalar } from "../stage.ts";
import type { Place } from "../complaint.ts";

/** One stage to run. */
export interface Job {
  /** Results folder, absolute. */
  readonly root: string;
  readonly experiment: string;
  readonly label: string;
  readonly stage: string;
  readonly point: Readonly<Record<string, Scalar>>;
  readonly key: string;
  readonly preimage: Preimage;
  /** After defaults, with absolute paths. */
  readonly parameters: Readonly<Record<string, Canonical>>;
  /** Role -> absolute path of what it reads from outside. */
  readonly files: Readonly<Record<string, string>>;
  /** Files from outside that it or its inputs read: they stay as they are while it runs. */
  readonly watched: readonly FileState[];
  /** Port -> what to read. */
  readonly inputs: Readonly<Record<string, JobInput>>;
  readonly threads: number;
  /** Why it runs, in words. */
  readonly why: string;
  /** Make it although a complete one is there. */
  readonly again: boolean;
}

export interface JobInput {
  readonly stage: string;
  readonly key: string;
  /** As `Job.files`, of the run that made it. */
  readonly files: Readonly<Record<string, string>>;
}

export type ToWorker =
  | { readonly type: "run"; readonly job: Job }
  /** Stop the running stage at its next safe point. */
  | { readonly type: "stop" }
  /** Exit; nothing is running. */
  | { readonly type: "close" };

export type FromWorker =
  | { readonly type: "waiting" }
  | { readonly type: "started" }
  | {
    readonly type: "progress";
    readonly done: number;
    readonly total: number;
    readonly unit: string;
    readonly note?: string;
  }
  | { readonly type: "say"; readonly line: string }
  /** `made` is false when another run had completed it meanwhile. */
  | { readonly type: "done"; readonly made: boolean }
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

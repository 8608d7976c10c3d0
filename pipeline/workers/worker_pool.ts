/** The worker processes of a run, each with the permissions of its own stage only. */
import { Complaint } from "../contract/complaint.ts";
import { diskComplaint } from "../disk/disk_complaint.ts";
import type { Manifest } from "../store/manifest.ts";
import { covers, type Grant } from "./grant.ts";
import type { Failure, WorkerJob } from "./protocol.ts";
import type { StageEvent } from "../contract/progress.ts";
import { startWorker, type WorkerCommand, type WorkerProcess } from "./worker_process.ts";

export type Outcome =
  /** `made` is false when another run has completed it in the meantime. */
  | { readonly type: "done"; readonly made: boolean }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly failure: Failure; readonly log: readonly string[] };

/** Callbacks for a running job. */
export interface JobListener {
  /**
   * A process for the job is about to start.
   *
   * @returns what to call when it has loaded the code of its stage; both may throw a Complaint
   */
  starting(): Promise<() => void>;
  event(event: StageEvent): void;
  /** A line that the stage or a library printed. */
  log(line: string): void;
  /**
   * The key is locked.
   *
   * @returns port -> digest of the artifact to read, or undefined when the result is already complete
   */
  locked(): Readonly<Record<string, string>> | undefined;
  /** The folder is filled, and its key is still locked. */
  filled(manifest: Manifest): void;
}

export interface WorkerPool extends AsyncDisposable {
  /**
   * @param shared a larger grant for the process, so that later jobs can reuse it; without it, the
   *   process ends with the job
   */
  run(job: WorkerJob, listener: JobListener, shared?: Grant): Promise<Outcome>;
  /** Peak memory of any process with a finished job, in bytes; 0 if unknown. */
  peakMemory(): number;
  /** Asks every running stage to stop at its next safe point. */
  stop(): void;
  /** Kills all workers at once. */
  kill(): void;
}

/** Peak memory, in bytes, up to which a process is used again: what it holds beyond may never come back. */
const mostKept = 2 * 2 ** 30;

/**
 * @param command starts a worker with given permissions
 * @param options.most peak memory up to which a process is used again, in bytes
 */
export function workerPool(
  command: WorkerCommand,
  { most = mostKept }: { readonly most?: number } = {},
): WorkerPool {
  const idle: WorkerProcess[] = [];
  const busy = new Set<WorkerProcess>();
  const closing = new Set<Promise<void>>();
  let stopping = false;
  let peak = 0;

  const close = (worker: WorkerProcess) => {
    const ended: Promise<void> = worker.close().finally(() => closing.delete(ended));
    closing.add(ended);
  };
  /** An idle process that may run the job: it has loaded its code for an earlier job. */
  const idleFor = ({ grant, environment }: WorkerJob) => {
    const variables = JSON.stringify(environment);
    const place = idle.findIndex((worker) =>
      covers(worker.grant, grant) && JSON.stringify(worker.environment) === variables
    );
    return place < 0 ? undefined : idle.splice(place, 1)[0];
  };
  const start = ({ grant, environment }: WorkerJob, shared: Grant | undefined) => {
    // No later job fits the idle workers.
    idle.splice(0).forEach(close);
    try {
      return startWorker(command, { grant: shared ?? grant, environment });
    } catch (error) {
      // It fails its stage, and no other.
      throw new Complaint(
        `its process could not be started: ${(error as Error).message}`,
        "check the limits of this user for processes and memory, or use fewer --jobs",
      );
    }
  };
  return {
    async run(job, listener, shared) {
      if (stopping) return { type: "stopped" };
      let worker = shared === undefined ? undefined : idleFor(job);
      let hasItsCode = worker !== undefined;
      let requireItsCode = () => {};
      if (worker === undefined) {
        try {
          requireItsCode = await listener.starting();
          if (stopping) return { type: "stopped" };
          worker = start(job, shared);
        } catch (error) {
          return { type: "failed", failure: failureOf(error, job), log: [] };
        }
      }
      busy.add(worker);
      const loaded = () => {
        requireItsCode();
        hasItsCode = true;
      };
      const outcome = await converse(worker, job, { ...listener, loaded });
      busy.delete(worker);
      const memory = worker.peakMemory() ?? 0;
      peak = Math.max(peak, memory);
      if (worker.alive()) {
        if (shared === undefined || !hasItsCode || memory > most) close(worker);
        else idle.push(worker);
      }
      const killed = stopping && outcome.type === "failed" && !worker.alive();
      return killed ? { type: "stopped" } : outcome;
    },
    peakMemory: () => peak,
    stop() {
      stopping = true;
      for (const worker of busy) worker.send({ type: "stop" });
    },
    kill() {
      stopping = true;
      for (const worker of [...busy, ...idle]) worker.kill();
    },
    async [Symbol.asyncDispose]() {
      [...idle, ...busy].forEach(close);
      await Promise.all(closing);
    },
  };
}

/** Sends a job to a worker and answers its messages until it has released the lock. */
function converse(
  worker: WorkerProcess,
  job: WorkerJob,
  listener: JobListener & { loaded(): void },
): Promise<Outcome> {
  return new Promise((finish) => {
    let outcome: Outcome = { type: "done", made: false };
    /** An error in the store fails the stage; it is reported once the worker has released the lock. */
    const attempt = (action: () => void) => {
      try {
        action();
      } catch (error) {
        outcome = { type: "failed", failure: failureOf(error, job), log: worker.tail() };
        worker.send({ type: "release" });
      }
    };
    /** A failure of the worker after its result was stored is not a failure of the stage. */
    const fail = (failure: Failure) => {
      const stored = outcome.type === "done" && outcome.made;
      finish(stored ? outcome : { type: "failed", failure, log: worker.tail() });
    };
    worker.listen({
      log: listener.log,
      ended: ({ what, killed }) =>
        fail({
          what,
          fix: killed
            ? `the system may have run out of memory: use fewer --jobs, or ${job.lower}`
            : "see the log lines above",
        }),
      event(event) {
        if (event.type === "loaded") {
          attempt(() => {
            listener.loaded();
            worker.send({ type: "lock" });
          });
        } else if (event.type === "locked") {
          attempt(() => {
            const inputDigests = listener.locked();
            const answer = inputDigests && { type: "go" as const, inputDigests };
            worker.send(answer ?? { type: "release" });
          });
        } else if (event.type === "filled") {
          attempt(() => {
            listener.filled(event.manifest);
            outcome = { type: "done", made: true };
            worker.send({ type: "release" });
          });
        } else if (event.type === "released") finish(outcome);
        else if (event.type === "stopped") finish(event);
        else if (event.type === "failed") {
          worker.settled().then(() => fail(event.failure));
        } else listener.event(event);
      },
    });
    worker.send({ type: "run", job });
  });
}

function failureOf(error: unknown, job: WorkerJob): Failure {
  const complaint = error instanceof Complaint ? error : diskComplaint(error, job.root);
  if (complaint === undefined) {
    return { what: `internal: ${error instanceof Error ? error.stack : String(error)}` };
  }
  const { what, fix, options: { place } } = complaint;
  return { what, fix, ...(place !== undefined && { place }) };
}

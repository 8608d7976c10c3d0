/** The worker processes of a run: each with the rights of its stage alone. */
import { diskComplaint } from "../disk/disk_complaint.ts";
import type { Manifest } from "../store/manifest.ts";
import { covers, type Grant } from "./grant.ts";
import type { Failure, WorkerJob } from "./protocol.ts";
import type { StageEvent } from "../contract/progress.ts";
import { startWorker, type WorkerCommand, type WorkerProcess } from "./worker_process.ts";

export type Outcome =
  /** `made` is false when another run had completed it meanwhile. */
  | { readonly type: "done"; readonly made: boolean }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly failure: Failure; readonly log: readonly string[] };

/** What is heard of a job while it runs. */
export interface JobListener {
  event(event: StageEvent): void;
  /** A line that the stage or a library printed. */
  log(line: string): void;
  /**
   * Its key is locked.
   *
   * @returns port -> digest of what it reads, or undefined when the artifact is there by now
   */
  locked(): Readonly<Record<string, string>> | undefined;
  /** Its folder is filled, and still locked. */
  filled(manifest: Manifest): void;
}

export interface WorkerPool extends AsyncDisposable {
  /**
   * @param shared what else the process may do: jobs of that kind that come later use it again.
   * Without, the process ends with the job.
   */
  run(job: WorkerJob, listener: JobListener, shared?: Grant): Promise<Outcome>;
  /** The most main memory that a process with a finished job has taken, in bytes; 0 if nobody knows. */
  peakMemory(): number;
  /** Asks every running stage to stop at its next safe point. */
  stop(): void;
  /** Kills all workers at once. */
  kill(): void;
}

/** @param command what starts a worker that has these rights */
export function workerPool(command: WorkerCommand): WorkerPool {
  const idle: WorkerProcess[] = [];
  const busy = new Set<WorkerProcess>();
  const closing = new Set<Promise<void>>();
  let stopping = false;
  let peak = 0;

  const close = (worker: WorkerProcess) => {
    const ended: Promise<void> = worker.close().finally(() => closing.delete(ended));
    closing.add(ended);
  };
  const workerFor = ({ grant, environment }: WorkerJob, shared: Grant | undefined) => {
    const wanted = JSON.stringify(environment);
    const place = shared === undefined
      ? -1
      : idle.findIndex((worker) =>
        covers(worker.grant, grant) && JSON.stringify(worker.environment) === wanted
      );
    const [worker] = place < 0 ? [] : idle.splice(place, 1);
    if (worker !== undefined) return worker;
    // Those that wait for nothing that is still to come.
    idle.splice(0).forEach(close);
    return startWorker(command, { grant: shared ?? grant, environment });
  };
  return {
    async run(job, listener, shared) {
      if (stopping) return { type: "stopped" };
      const worker = workerFor(job, shared);
      busy.add(worker);
      const outcome = await converse(worker, job, listener);
      busy.delete(worker);
      peak = Math.max(peak, worker.peakMemory() ?? 0);
      if (worker.alive()) {
        if (shared === undefined) close(worker);
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

/** Sends a worker its job, and answers it until the lock is back. */
function converse(worker: WorkerProcess, job: WorkerJob, listener: JobListener): Promise<Outcome> {
  return new Promise((finish) => {
    let outcome: Outcome = { type: "done", made: false };
    /** What cannot be stored fails the stage; it is heard when the worker has let go. */
    const attempt = (what: () => void) => {
      try {
        what();
      } catch (error) {
        outcome = { type: "failed", failure: failureOf(error, job), log: worker.tail() };
        worker.send({ type: "release" });
      }
    };
    /** What happens to a worker after its work was stored is no failure of the stage. */
    const fail = (failure: Failure) => {
      const stored = outcome.type === "done" && outcome.made;
      finish(stored ? outcome : { type: "failed", failure, log: worker.tail() });
    };
    worker.listen({
      log: listener.log,
      ended: (failure) => fail(failure),
      event(event) {
        if (event.type === "locked") {
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
          worker.quiet().then(() => fail(event.failure));
        } else listener.event(event);
      },
    });
    worker.send({ type: "run", job });
  });
}

function failureOf(error: unknown, job: WorkerJob): Failure {
  const complaint = diskComplaint(error, job.root);
  if (complaint === undefined) {
    return { what: `internal: ${error instanceof Error ? error.stack : String(error)}` };
  }
  return { what: complaint.what, fix: complaint.fix, place: { file: job.root } };
}

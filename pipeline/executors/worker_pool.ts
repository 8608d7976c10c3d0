/** Worker processes, started when first needed and used again for the next stage. */
import { delay } from "../delay.ts";
import {
  type Failure,
  type FromWorker,
  type Job,
  readWorkerLine,
  type ToWorker,
} from "./protocol.ts";
import { TextLineStream } from "./text_lines.ts";

export type Outcome =
  | { readonly type: "done"; readonly made: boolean }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly failure: Failure; readonly log: readonly string[] };

/** What is heard of a job while it runs. */
export interface JobListener {
  event(event: FromWorker): void;
  /** A line that the stage or a library printed. */
  log(line: string): void;
}

export interface WorkerPool extends AsyncDisposable {
  run(job: Job, listener: JobListener): Promise<Outcome>;
  /** Asks every running stage to stop at its next safe point. */
  stop(): void;
  /** Kills all workers at once. */
  kill(): void;
}

/** @param command program and arguments that start a worker */
export function workerPool(command: readonly [string, ...string[]]): WorkerPool {
  const idle: WorkerProcess[] = [];
  const busy = new Set<WorkerProcess>();
  let stopping = false;
  return {
    async run(job, listener) {
      if (stopping) return { type: "stopped" };
      const worker = idle.pop() ?? startWorker(command);
      busy.add(worker);
      const outcome = await worker.run(job, listener);
      busy.delete(worker);
      if (worker.alive()) idle.push(worker);
      return stopping && outcome.type === "failed" && !worker.alive()
        ? { type: "stopped" }
        : outcome;
    },
    stop() {
      stopping = true;
      for (const worker of busy) worker.send({ type: "stop" });
    },
    kill() {
      stopping = true;
      for (const worker of [...busy, ...idle]) worker.kill();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...idle, ...busy].map((worker) => worker.close()));
    },
  };
}

interface WorkerProcess {
  run(job: Job, listener: JobListener): Promise<Outcome>;
  send(message: ToWorker): void;
  alive(): boolean;
  kill(): void;
  close(): Promise<void>;
}

const tailLength = 20;

function startWorker([program, ...args]: readonly [string, ...string[]]): WorkerProcess {
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  let alive = true;
  let listener: JobListener | undefined;
  let finish: ((outcome: Outcome) => void) | undefined;
  let tail: string[] = [];

  const log = (line: string) => {
    tail = [...tail, line].slice(-tailLength);
    listener?.log(line);
  };
  const hear = (line: string) => {
    const { text, event } = readWorkerLine(line);
    if (text !== "") log(text);
    if (event === undefined) return;
    if (event.type === "say") log(event.line);
    listener?.event(event);
    if (event.type === "done" || event.type === "stopped") finish?.(event);
    // What the stage printed last may still be on its way through the other pipe.
    if (event.type === "failed") delay(50).then(() => finish?.({ ...event, log: tail }));
  };
  const output = eachLine(child.stdout, hear);
  const errors = eachLine(child.stderr, log);
  const ended = Promise.all([child.status, output, errors]).then(([status]) => {
    alive = false;
    const how = status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`;
    const failure = {
      what: `its process ended (${how})`,
      fix: status.signal === "SIGKILL"
        ? "the system may have run out of memory; try a smaller stage or fewer --jobs"
        : "see the lines above",
    };
    finish?.({ type: "failed", failure, log: tail });
  });
  const send = (message: ToWorker) => {
    input.write(new TextEncoder().encode(JSON.stringify(message) + "\n")).catch(() => {});
  };
  return {
    run(job, jobListener) {
      listener = jobListener;
      tail = [];
      return new Promise<Outcome>((resolve) => {
        finish = resolve;
        if (alive) send({ type: "run", job });
        else resolve({ type: "failed", failure: { what: "its process is gone" }, log: [] });
      }).finally(() => [listener, finish] = [undefined, undefined]);
    },
    send,
    alive: () => alive,
    kill() {
      if (alive) child.kill("SIGKILL");
    },
    async close() {
      send({ type: "close" });
      await input.close().catch(() => {});
      await ended;
    },
  };
}

async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  hear: (line: string) => void,
): Promise<void> {
  for await (const line of stream.pipeThrough(new TextLineStream())) hear(line);
}

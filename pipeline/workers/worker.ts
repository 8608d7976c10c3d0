/** The process in which stages run, one after another, until the pipeline closes its standard input. */
import { systemClock } from "../contract/clock.ts";
import { beginPending, type Pending, sealPending } from "../store/commit.ts";
import { Complaint } from "../contract/complaint.ts";
import { diskComplaint } from "../disk/disk_complaint.ts";
import { fileLock } from "../disk/file_lock.ts";
import { manifestFormat } from "../store/manifest.ts";
import { requireUnchanged } from "../key/outside_files.ts";
import type { Progress } from "../contract/progress.ts";
import { fileRecorder } from "./recorder.ts";
import type { StageDefinition } from "../contract/stage.ts";
import {
  type Failure,
  type FromWorker,
  type ToWorker,
  type WorkerJob,
  workerLine,
} from "./protocol.ts";

/** Never returns: the process ends when it is told to close or its parent is gone. */
export async function serveStages(catalogue: readonly StageDefinition[]): Promise<never> {
  // Ctrl-C reaches the whole process group; the pipeline decides what it means.
  Deno.addSignalListener("SIGINT", () => {});
  const messages = hearPipeline();
  for (;;) {
    const { job } = await messages.next("run");
    const definition = catalogue.find(({ name }) => name === job.preimage.stage)!;
    send(await outcome(definition, job, messages));
  }
}

type Message<Type> = Extract<ToWorker, { type: Type }>;

/** What the pipeline says. */
interface Messages {
  /** Aborted when the job at hand is to stop. */
  readonly signal: AbortSignal;
  /** The next of these; what comes before it is of no use any more. */
  next<Type extends ToWorker["type"]>(...types: Type[]): Promise<Message<Type>>;
}

function hearPipeline(): Messages {
  const lifeline = new Worker(new URL("./lifeline.ts", import.meta.url), { type: "module" });
  const heard: ToWorker[] = [];
  let stop = new AbortController();
  let wake = () => {};
  lifeline.onmessage = ({ data }: MessageEvent<string>) => {
    const message = JSON.parse(data) as ToWorker;
    if (message.type === "close") Deno.exit(0);
    if (message.type === "run") stop = new AbortController();
    if (message.type === "stop") stop.abort(new DOMException("stopped", "AbortError"));
    else heard.push(message);
    wake();
  };
  return {
    get signal() {
      return stop.signal;
    },
    async next<Type extends ToWorker["type"]>(...types: Type[]) {
      for (;;) {
        const message = heard.shift();
        if (message === undefined) await new Promise<void>((resolve) => wake = resolve);
        else if (types.includes(message.type as Type)) return message as Message<Type>;
      }
    },
  };
}

async function outcome(
  definition: StageDefinition,
  job: WorkerJob,
  messages: Messages,
): Promise<FromWorker> {
  const { signal } = messages;
  try {
    await fillPending(definition, job, messages);
    return { type: "released" };
  } catch (error) {
    if (signal.aborted) return { type: "stopped" };
    return { type: "failed", failure: failureOf(error, job) };
  }
}

async function fillPending(
  definition: StageDefinition,
  job: WorkerJob,
  messages: Messages,
): Promise<void> {
  const { signal } = messages;
  using _lock = await fileLock(job.lock, { signal, waiting: () => send({ type: "waiting" }) });
  send({ type: "locked" });
  const answer = await messages.next("go", "release");
  if (answer.type === "release") return;
  const pending = beginPending(job.pending, definition);
  send({ type: "started" });
  const started = systemClock.now();
  const begin = systemClock.seconds();
  requireUnchanged(job.watched);
  await runStage(definition, job, pending, signal);
  requireUnchanged(job.watched);
  const manifest = await sealPending(pending, {
    format: manifestFormat,
    key: job.key,
    preimage: job.preimage,
    output: definition.output,
    inputDigests: answer.inputDigests,
    circumstances: {
      ...job.circumstances,
      started,
      seconds: Math.round((systemClock.seconds() - begin) * 1000) / 1000,
    },
  });
  send({ type: "filled", manifest });
  await messages.next("release");
}

async function runStage(
  definition: StageDefinition,
  job: WorkerJob,
  pending: Pending,
  signal: AbortSignal,
): Promise<void> {
  const record = fileRecorder({ rows: `${pending.artifact}/rows`, measurements: pending.log });
  try {
    await definition.run({
      parameters: job.parameters,
      files: job.files,
      inputs: job.inputs,
      folder: pending.artifact,
      resumeFolder: pending.resume,
      record,
      progress: rareProgress(),
      threads: job.threads,
      signal,
    });
  } finally {
    record.close();
  }
}

/** Sends a report at most ten times a second, and every last one. */
function rareProgress(): Progress {
  let next = 0;
  return {
    report(done, total, unit, note) {
      const now = systemClock.seconds();
      if (now < next && done !== total) return;
      next = now + 0.1;
      send({ type: "progress", done, total, unit, ...(note !== undefined && { note }) });
    },
    say: (line) => send({ type: "say", line }),
  };
}

function failureOf(error: unknown, job: WorkerJob): Failure {
  if (error instanceof Deno.errors.NotCapable) {
    const [wanted] = error.message.split(", run again");
    return { what: `internal: it does what its definition does not declare: ${wanted}` };
  }
  const complaint = error instanceof Complaint ? error : diskComplaint(error, job.root);
  if (complaint !== undefined) {
    const { what, fix, options: { place } } = complaint;
    return { what, fix, ...(place !== undefined && { place }) };
  }
  console.error(error);
  return { what: `internal: ${error instanceof Error ? error.message : String(error)}` };
}

/** Written at once, so that it is seen although the stage does not return to the event loop. */
function send(event: FromWorker): void {
  let bytes = new TextEncoder().encode(workerLine(event));
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

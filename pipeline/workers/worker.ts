/** The process that runs stages, one after another, until the pipeline closes its standard input. */
import { systemClock } from "../contract/clock.ts";
import { beginPending, type Pending, sealPending } from "../store/commit.ts";
import { Complaint } from "../contract/complaint.ts";
import { diskComplaint } from "../disk/disk_complaint.ts";
import { fileLock } from "../disk/file_lock.ts";
import { manifestFormat } from "../store/manifest.ts";
import { OutOfMemory } from "../contract/out_of_memory.ts";
import { requireUnchanged } from "../key/outside_files.ts";
import type { Progress } from "../contract/progress.ts";
import { earlierFacts } from "../contract/mixed_facts.ts";
import { addMachine } from "../store/pending_machines.ts";
import { fileRecorder } from "./recorder.ts";
import type { StageDefinition } from "../contract/stage.ts";
import {
  type Failure,
  type FromWorker,
  type ToWorker,
  type WorkerJob,
  workerLine,
} from "./protocol.ts";

/** Never returns: the process ends when it receives `close` or its parent dies. */
export async function serveStages(catalogue: readonly StageDefinition[]): Promise<never> {
  // Ctrl-C reaches the whole process group; the pipeline decides how to handle it.
  Deno.addSignalListener("SIGINT", () => {});
  // A stage that uses them would expect to find there what an earlier run has left.
  for (const storage of ["localStorage", "caches"]) Reflect.deleteProperty(globalThis, storage);
  const messages = listenToPipeline();
  for (;;) {
    const { job } = await messages.next("run");
    const definition = catalogue.find(({ name }) => name === job.preimage.stage)!;
    send(await outcome(definition, job, messages));
  }
}

type Message<Type> = Extract<ToWorker, { type: Type }>;

/** The messages of the pipeline. */
interface Messages {
  /** Aborted when the current job must stop. */
  readonly signal: AbortSignal;
  /** The next message of these types; earlier messages of other types are obsolete. */
  next<Type extends ToWorker["type"]>(...types: Type[]): Promise<Message<Type>>;
}

function listenToPipeline(): Messages {
  const lifeline = new Worker(new URL("./lifeline.ts", import.meta.url), { type: "module" });
  const queue: ToWorker[] = [];
  let stop = new AbortController();
  let wake = () => {};
  lifeline.onmessage = ({ data }: MessageEvent<string>) => {
    const message = JSON.parse(data) as ToWorker;
    if (message.type === "close") Deno.exit(0);
    if (message.type === "run") stop = new AbortController();
    if (message.type === "stop") stop.abort(new DOMException("stopped", "AbortError"));
    else queue.push(message);
    wake();
  };
  return {
    get signal() {
      return stop.signal;
    },
    async next<Type extends ToWorker["type"]>(...types: Type[]) {
      for (;;) {
        const message = queue.shift();
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
  // What the stage imports while it runs would otherwise be read from the disk only then.
  for (const module of job.modules) await import(module);
  send({ type: "loaded" });
  const { type } = await messages.next("lock", "release");
  if (type === "release") return;
  using _lock = await fileLock(job.lock, { signal, waiting: () => send({ type: "waiting" }) });
  send({ type: "locked" });
  const answer = await messages.next("go", "release");
  if (answer.type === "release") return;
  const pending = beginPending(job.pending, definition);
  const { versions } = job.circumstances;
  const earlier = earlierFacts(addMachine(pending, versions), versions);
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
      versions: { ...versions, ...earlier },
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
  const folders = { rows: `${pending.artifact}/rows`, measurements: pending.log };
  const record = fileRecorder(folders, job.tables);
  try {
    await definition.run({
      parameters: job.parameters,
      files: job.files,
      inputs: job.inputs,
      folder: pending.artifact,
      resumeFolder: pending.resume,
      record,
      progress: limitedProgress(),
      threads: job.threads,
      signal,
    });
  } finally {
    record.close();
  }
}

/** Sends at most ten reports a second, and every final one. */
function limitedProgress(): Progress {
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
    const [required] = error.message.split(", run again");
    return { what: `internal: its definition does not declare a permission it needs: ${required}` };
  }
  if (error instanceof OutOfMemory) {
    return { what: `memory ran out: ${error.message}`, fix: job.lower };
  }
  const complaint = error instanceof Complaint ? error : diskComplaint(error, job.root);
  if (complaint !== undefined) {
    const { what, fix, options: { place } } = complaint;
    return { what, fix, ...(place !== undefined && { place }) };
  }
  console.error(error);
  return { what: `internal: ${error instanceof Error ? error.message : String(error)}` };
}

/** Writes synchronously, so that the event arrives even if the stage never returns to the event loop. */
function send(event: FromWorker): void {
  let bytes = new TextEncoder().encode(workerLine(event));
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

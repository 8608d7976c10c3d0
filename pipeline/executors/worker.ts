/** The process in which stages run, one after another, until the pipeline closes its standard input. */
import { type ArtifactStore, openStore } from "../artifact_store.ts";
import { systemClock } from "../clock.ts";
import { beginPending, commitPending, type Pending } from "../commit.ts";
import { Complaint } from "../complaint.ts";
import { diskComplaint } from "../disk_complaint.ts";
import { fileLock } from "../file_lock.ts";
import { manifestFormat } from "../manifest.ts";
import { requireUnchanged } from "../outside_files.ts";
import type { Progress } from "../progress.ts";
import { fileRecorder } from "../recorder.ts";
import type { StageDefinition } from "../stage.ts";
import { type Failure, type FromWorker, type Job, type ToWorker, workerLine } from "./protocol.ts";

/** Never returns: the process ends when it is told to close or its parent is gone. */
export async function serveStages(catalogue: readonly StageDefinition[]): Promise<never> {
  // Ctrl-C reaches the whole process group; the pipeline decides what it means.
  Deno.addSignalListener("SIGINT", () => {});
  const lifeline = new Worker(new URL("./lifeline.ts", import.meta.url), { type: "module" });
  const jobs: Job[] = [];
  let stop = new AbortController();
  let wake = () => {};
  lifeline.onmessage = ({ data }: MessageEvent<string>) => {
    const message = JSON.parse(data) as ToWorker;
    if (message.type === "close") Deno.exit(0);
    if (message.type === "stop") stop.abort(new DOMException("stopped", "AbortError"));
    if (message.type === "run") jobs.push(message.job);
    wake();
  };
  for (;;) {
    const job = jobs.shift();
    if (job === undefined) {
      await new Promise<void>((resolve) => wake = resolve);
      continue;
    }
    const definition = catalogue.find(({ name }) => name === job.preimage.stage)!;
    send(await outcome(definition, job, stop.signal));
    stop = new AbortController();
  }
}

async function outcome(
  definition: StageDefinition,
  job: Job,
  signal: AbortSignal,
): Promise<FromWorker> {
  try {
    return { type: "done", made: await makeArtifact(definition, job, signal) };
  } catch (error) {
    if (signal.aborted) return { type: "stopped" };
    return { type: "failed", failure: failureOf(error, job) };
  }
}

/** @returns false when another run had made it meanwhile */
async function makeArtifact(
  definition: StageDefinition,
  job: Job,
  signal: AbortSignal,
): Promise<boolean> {
  const store = openStore(job.root);
  using _lock = await fileLock(store.lockFile(job.key), {
    signal,
    waiting: () => send({ type: "waiting" }),
  });
  const found = store.find(definition.name, job.key);
  if (found.state === "complete" && !job.again) return false;
  if (found.state === "broken") {
    const folder = store.setAside(definition.name, job.key);
    send({
      type: "say",
      line: `warning: what was stored for ${job.label} is damaged (${found.reason}); ` +
        `it is kept in ${folder} and made again`,
    });
  }
  const pending = beginPending(store, job.key, definition);
  send({ type: "started" });
  const started = systemClock.now();
  const begin = systemClock.seconds();
  requireUnchanged(job.watched);
  await runStage(definition, job, store, pending, signal);
  requireUnchanged(job.watched);
  const manifest = await commitPending(store, pending, {
    format: manifestFormat,
    key: job.key,
    preimage: job.preimage,
    output: definition.output,
    inputDigests: inputDigests(job, store),
    circumstances: {
      experiment: job.experiment,
      label: job.label,
      stage: job.stage,
      point: job.point,
      why: job.why,
      started,
      seconds: Math.round((systemClock.seconds() - begin) * 1000) / 1000,
      host: Deno.hostname(),
      versions: { deno: Deno.version.deno, ...job.preimage.compute },
    },
  });
  if (found.state === "complete" && found.manifest.digest !== manifest.digest) {
    send({
      type: "say",
      line: `warning: ${job.label} came out different when it was made again ` +
        `(${found.manifest.digest.slice(0, 10)} -> ${manifest.digest.slice(0, 10)})`,
    });
  }
  return true;
}

async function runStage(
  definition: StageDefinition,
  job: Job,
  store: ArtifactStore,
  pending: Pending,
  signal: AbortSignal,
): Promise<void> {
  const record = fileRecorder({ rows: `${pending.artifact}/rows`, measurements: pending.log });
  try {
    await definition.run({
      parameters: job.parameters,
      files: job.files,
      inputs: Object.fromEntries(
        Object.entries(job.inputs).map(([port, { stage, key, files }]) => [port, {
          folder: `${store.completeFolder(stage, key)}/artifact`,
          key,
          files,
        }]),
      ),
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

function inputDigests(job: Job, store: ArtifactStore): Record<string, string> {
  return Object.fromEntries(
    Object.entries(job.inputs).map(([port, { stage, key }]) => {
      const found = store.find(stage, key);
      if (found.state !== "complete") throw new Error(`internal: input \`${port}\` went away`);
      return [port, found.manifest.digest];
    }),
  );
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

function failureOf(error: unknown, job: Job): Failure {
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

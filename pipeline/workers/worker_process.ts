/** One worker process: started with its rights, spoken to in lines, heard until it ends. */
import { setTimeout as delay } from "node:timers/promises";
import { type Grant, permissionFlags } from "./grant.ts";
import { type Failure, type FromWorker, readWorkerLine, type ToWorker } from "./protocol.ts";
import { TextLineStream } from "./text_lines.ts";

/** Program and arguments of a worker, of which the rights are a part. */
export interface WorkerCommand {
  readonly program: string;
  /** Before the options that give rights. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What every worker reads: its own code, as far as it is not loaded at the start. */
  readonly reads: readonly string[];
  /** What workers that call native code need. */
  native(): {
    readonly reads: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  };
}

export interface WorkerProcess {
  readonly grant: Grant;
  readonly environment: Readonly<Record<string, string>>;
  listen(ear: Ear): void;
  send(message: ToWorker): void;
  /** The last lines that it printed. */
  tail(): readonly string[];
  /** What it printed last may still be on its way through the other pipe: waits for it. */
  quiet(): Promise<void>;
  alive(): boolean;
  /** The most main memory that it has taken so far, in bytes; undefined where the system does not tell. */
  peakMemory(): number | undefined;
  kill(): void;
  close(): Promise<void>;
}

export interface Ear {
  event(event: FromWorker): void;
  log(line: string): void;
  /** It is gone, although nobody closed it. */
  ended(failure: Failure): void;
}

const tailLength = 20;
/** What Google's logging library writes whatever happens: kept in the log, no reason of a failure. */
const chatter = /^(WARNING: All log messages before absl::InitializeLog|I\d{4} )/;

export function startWorker(
  { program, before, after, reads, native }: WorkerCommand,
  { grant, environment }: { grant: Grant; environment: Readonly<Record<string, string>> },
): WorkerProcess {
  const more = grant.native ? native() : { reads: [], environment: {} };
  const read = [...reads, ...more.reads, ...grant.read];
  const child = new Deno.Command(program, {
    args: [...before, ...permissionFlags({ ...grant, read }), ...after],
    env: { ...more.environment, ...environment },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  let alive = true;
  let ear: Ear | undefined;
  let tail: string[] = [];

  const log = (line: string) => {
    if (!chatter.test(line)) tail = [...tail, line].slice(-tailLength);
    ear?.log(line);
  };
  const hear = (line: string) => {
    const { text, event } = readWorkerLine(line);
    if (text !== "") log(text);
    if (event?.type === "say") log(event.line);
    if (event !== undefined) ear?.event(event);
  };
  const output = eachLine(child.stdout, hear);
  const errors = eachLine(child.stderr, log);
  const ended = Promise.all([child.status, output, errors]).then(([status]) => {
    alive = false;
    const how = status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`;
    ear?.ended({
      what: `its process ended (${how})`,
      fix: status.signal === "SIGKILL"
        ? "the system may have run out of memory; try a smaller stage or fewer --jobs"
        : "see the lines above",
    });
  });
  const send = (message: ToWorker) => {
    input.write(new TextEncoder().encode(JSON.stringify(message) + "\n")).catch(() => {});
  };
  return {
    grant,
    environment,
    listen(next) {
      ear = next;
      tail = [];
      if (!alive) next.ended({ what: "its process is gone" });
    },
    send,
    tail: () => tail,
    quiet: () => delay(50),
    alive: () => alive,
    peakMemory() {
      try {
        const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
        const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
        return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
      } catch {
        return undefined; // another system, or it is gone
      }
    },
    kill() {
      if (alive) child.kill("SIGKILL");
    },
    async close() {
      ear = undefined;
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

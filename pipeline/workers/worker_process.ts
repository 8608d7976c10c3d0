/** One worker process: starts it with its permissions and exchanges lines with it until it ends. */
import { setTimeout as delay } from "node:timers/promises";
import type { ComputeAccess } from "../contract/stages.ts";
import { type Grant, permissionFlags } from "./grant.ts";
import {
  type FromWorker,
  longestLine,
  readWorkerLine,
  TextLineStream,
  type ToWorker,
} from "./protocol.ts";

/** The program and arguments that start a worker; options for its permissions are inserted. */
export interface WorkerCommand {
  readonly program: string;
  /** Arguments before the permission options. */
  readonly before: readonly string[];
  /** Arguments after the permission options. */
  readonly after: readonly string[];
  /** Paths that every worker reads: its own code that is not loaded at the start. */
  readonly reads: readonly string[];
  /** What workers that call native code need besides. */
  native(): ComputeAccess;
}

export interface WorkerProcess {
  readonly grant: Grant;
  readonly environment: Readonly<Record<string, string>>;
  listen(listener: WorkerListener): void;
  send(message: ToWorker): void;
  /** The last lines that it has printed. */
  tail(): readonly string[];
  /** Waits for the last printed lines, which may still be in the other pipe. */
  settled(): Promise<void>;
  alive(): boolean;
  /** Its peak memory so far, in bytes; undefined if the system does not report it. */
  peakMemory(): number | undefined;
  kill(): void;
  close(): Promise<void>;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly what: string;
  /** By SIGKILL, as the system does where memory runs out. */
  readonly killed: boolean;
}

export interface WorkerListener {
  event(event: FromWorker): void;
  log(line: string): void;
  /** The process ended without being closed. */
  ended(end: ProcessEnd): void;
}

const tailLength = 20;
/** Characters of each of them. */
const tailWidth = 2000;
/** Routine lines of Google's logging library: kept in the log, but never the reason for a failure. */
const routine = /^(WARNING: All log messages before absl::InitializeLog|I\d{4} )/;

/**
 * All code that a worker runs is in the keys of its stages, so it loads none from the network, and
 * it keeps no state from one process to the next: web storage belongs to an address of its own.
 */
function isolation(): { flags: string[]; environment: Record<string, string> } {
  const address = `http://${crypto.randomUUID()}.invalid`;
  return {
    flags: ["--no-remote", "--cached-only", "--deny-import", `--location=${address}`],
    environment: { DENO_NO_UPDATE_CHECK: "1" },
  };
}

export function startWorker(
  { program, before, after, reads, native }: WorkerCommand,
  { grant, environment }: { grant: Grant; environment: Readonly<Record<string, string>> },
): WorkerProcess {
  const extra = grant.native ? native() : { reads: [], writes: [], environment: {} };
  const read = [...reads, ...extra.reads, ...grant.read];
  const write = [...extra.writes, ...grant.write];
  const isolated = isolation();
  const child = new Deno.Command(program, {
    args: [...before, ...permissionFlags({ ...grant, read, write }), ...isolated.flags, ...after],
    env: { ...isolated.environment, ...extra.environment, ...environment },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  let alive = true;
  let listener: WorkerListener | undefined;
  let tail: string[] = [];

  const log = (line: string) => {
    if (!routine.test(line)) tail = [...tail, clip(line)].slice(-tailLength);
    listener?.log(line);
  };
  const receive = (line: string) => {
    const { text, event } = readWorkerLine(line);
    if (text !== "") log(text);
    if (event?.type === "say") log(event.line);
    if (event !== undefined) listener?.event(event);
  };
  const output = eachLine(child.stdout, receive);
  const errors = eachLine(child.stderr, log);
  const ended = Promise.all([child.status, output, errors]).then(([status]) => {
    alive = false;
    const how = status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`;
    listener?.ended({
      what: `its process ended (${how})`,
      killed: status.signal === "SIGKILL",
    });
  });
  const send = (message: ToWorker) => {
    input.write(new TextEncoder().encode(JSON.stringify(message) + "\n")).catch(() => {});
  };
  return {
    grant,
    environment,
    listen(next) {
      listener = next;
      tail = [];
      if (!alive) next.ended({ what: "its process has ended", killed: false });
    },
    send,
    tail: () => tail,
    settled: () => delay(50),
    alive: () => alive,
    peakMemory() {
      try {
        const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
        const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
        return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
      } catch {
        return undefined; // not Linux, or the process has ended
      }
    },
    kill() {
      if (alive) child.kill("SIGKILL");
    },
    async close() {
      listener = undefined;
      send({ type: "close" });
      await input.close().catch(() => {});
      await ended;
    },
  };
}

/** The beginning of a long line. */
function clip(line: string): string {
  return line.length <= tailWidth ? line : `${line.slice(0, tailWidth)}…`;
}

async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  receive: (line: string) => void,
): Promise<void> {
  for await (const line of stream.pipeThrough(new TextLineStream(longestLine))) receive(line);
}

/**
 * A disk that fails on purpose: every call that changes the file system is numbered; the call with the
 * given number kills the process or fails. For crash tests; a process installs it before anything else.
 */

export interface Fault {
  /** `list` only prints each call on standard error. */
  readonly kind: "list" | "kill" | "ENOSPC" | "EIO";
  readonly role: "pipeline" | "worker";
  /** Only calls whose path contains this are numbered, and calls without a path. */
  readonly match: string;
  /** The number of the call that fails, from 1. */
  readonly at: number;
  /** The kill ends the whole process group; for the pipeline only. */
  readonly group?: boolean;
}

/** A call, as `list` prints it. */
export interface DiskCall {
  readonly role: Fault["role"];
  readonly name: string;
  readonly path: string;
}

const mark = "disk call ";

/** The calls that `list` printed, from a process's standard error or a stage's log. */
export function readCalls(text: string): DiskCall[] {
  return text.split("\n").flatMap((line) =>
    line.startsWith(mark) ? [JSON.parse(line.slice(mark.length)) as DiskCall] : []
  );
}

const messages = {
  ENOSPC: "No space left on device (os error 28)",
  EIO: "Input/output error (os error 5)",
} as const;

/** @param role the role of this process */
export function installFault(fault: Fault, role: Fault["role"]): void {
  let count = 0;
  /** @param half does the first half of the call, for a kill that interrupts it */
  const reach = (name: string, path: string, half?: () => void) => {
    if (fault.kind === "list") {
      console.error(mark + JSON.stringify({ role, name, path }));
      return;
    }
    if (role !== fault.role || !(path === "" || path.includes(fault.match))) return;
    if (role === "pipeline" && name === "writeSync") return; // log lines: their number varies
    count++;
    if (fault.kind === "kill") {
      if (count !== fault.at) return;
      half?.();
      if (fault.group) Deno.kill(-Deno.pid, "SIGKILL");
      Deno.kill(Deno.pid, "SIGKILL");
    }
    // A full disk stays full as long as the process lives; an I/O error occurs once.
    const fails = fault.kind === "ENOSPC" ? count >= fault.at && grows(name) : count === fault.at;
    if (!fails) return;
    const code = fault.kind as keyof typeof messages;
    throw Object.assign(new Error(messages[code]), { code });
  };
  const deno = Deno as unknown as Record<string, (...args: unknown[]) => unknown>;
  const wrap = (
    name: string,
    half?: (...args: unknown[]) => void,
    counts: (...args: unknown[]) => boolean = () => true,
  ) => {
    const before = deno[name]!;
    deno[name] = (...args) => {
      const path = typeof args[0] === "object" ? JSON.stringify(args[0]) : String(args[0]);
      if (counts(...args)) reach(name, path, half && (() => half(...args)));
      return before(...args);
    };
  };
  const plain = Deno.writeTextFileSync;
  const writeHalf = <Content extends { length: number; slice(from: number, to: number): Content }>(
    write: (path: string, content: Content) => void,
  ) =>
  (path: unknown, content: unknown) => {
    const whole = content as Content;
    write(path as string, whole.slice(0, whole.length / 2));
  };
  for (const name of ["rename", "renameSync", "remove", "removeSync", "mkdir", "mkdirSync"]) {
    wrap(name);
  }
  for (const name of ["truncateSync", "copyFile", "makeTempFileSync"]) wrap(name);
  for (const name of ["open", "openSync"]) wrap(name, undefined, writes);
  for (const name of ["writeTextFile", "writeTextFileSync"]) wrap(name, writeHalf(plain));
  wrap("writeFileSync", writeHalf(Deno.writeFileSync));
  const file = Deno.FsFile.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of ["write", "writeSync", "sync", "syncSync"]) {
    const before = file[name]!;
    file[name] = function (this: unknown, ...args: unknown[]) {
      const half = name.startsWith("write")
        ? () =>
          before.call(this, (args[0] as Uint8Array).subarray(0, (args[0] as Uint8Array).length / 2))
        : undefined;
      reach(name, "", half);
      return before.apply(this, args);
    };
  }
}

/** On a full disk files can still be removed and renamed. */
function grows(name: string): boolean {
  return /^(write|mkdir|copy|sync|make|open)/.test(name);
}

/** Opening a file to read it changes nothing; for a log, its lines are counted. */
function writes(path: unknown, options: unknown): boolean {
  const { create = false } = (options ?? {}) as Deno.OpenOptions;
  return create && !String(path).endsWith(".log");
}

/**
 * Breaks a sweep at calls to the operating system, those of the database's native code included, by
 * strace: `deno run -A tests/crash/break_system_calls.ts [kill|ENOSPC|EIO] [how many] [seed]`
 */
import assert from "node:assert/strict";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import { assertReportedClearly, faultHarness, faultSweep, type Left } from "./fault_harness.ts";

/** Calls that change files; not `write`, which also wakes threads and fills Deno's cache. */
const everywhere = ["fsync", "rename", "mkdir", "unlink", "unlinkat"] as const;
/** Calls that reach the database's two files. */
const ofDatabase = ["openat", "pwrite64", "pread64", "write", "fsync", "unlink"] as const;

/** A call to break; each thread counts its own calls. */
interface SystemCall {
  readonly name: string;
  readonly at: number;
  /** Only calls that reach the database's files. */
  readonly database: boolean;
}

/** A sweep that ran unbroken under strace. */
export interface TracedSweep {
  /** The folder to work in. */
  readonly folder: string;
  readonly harness: ReturnType<typeof faultHarness>;
  readonly calls: readonly SystemCall[];
  readonly left: Left;
}

/** Whether strace is installed and may trace. */
export function straceWorks(): boolean {
  try {
    const { success } = new Deno.Command("strace", {
      args: ["-f", "-e", "inject=fsync:error=EIO", "true"],
      stderr: "null",
    }).outputSync();
    return success;
  } catch {
    return false;
  }
}

/** @param folder an empty folder to work in */
export async function tracedSweep(folder: string): Promise<TracedSweep> {
  const experiment = `${folder}/e.yaml`;
  Deno.writeTextFileSync(experiment, faultSweep);
  const harness = faultHarness(folder, experiment, ["--jobs", "2", "--threads", "1"]);
  const calls: SystemCall[] = [];
  for (const database of [false, true]) {
    const results = `${folder}/unbroken ${database}`;
    const trace = `${folder}/trace`;
    const names = database ? ofDatabase : everywhere;
    const { code, err } = await harness.runUnder(results, [
      ...["strace", "-f", "-qq", "-o", trace, "-e", `trace=${names}`],
      ...(database ? filesOf(results) : []),
    ]);
    assert.equal(code, 0, err);
    calls.push(...callsIn(Deno.readTextFileSync(trace), names, database));
  }
  return { folder, harness, calls, left: await harness.leftIn(`${folder}/unbroken true`) };
}

export interface SystemBreakOptions {
  readonly kind: "kill" | "ENOSPC" | "EIO";
  /** Break at most this many runs; without it, one at each call. */
  readonly count?: number;
  readonly seed: number;
  say?(line: string): void;
}

/** @returns how many of the runs did not end well before they ran again */
export async function breakSystemCalls(
  { folder, harness, calls, left }: TracedSweep,
  { kind, count = Infinity, seed, say = () => {} }: SystemBreakOptions,
): Promise<number> {
  const random = randomStream(seed).fork(`system ${kind}`);
  const chosen = calls.map((call, number) => ({ call, draw: random.uniform(number), number }))
    .filter(({ call }) => kind === "kill" || canFail(call, kind))
    .sort((a, b) => a.draw - b.draw)
    .slice(0, count);
  let broken = 0;
  for (const { call: { name, at, database }, number } of chosen) {
    const results = `${folder}/results ${kind} ${number}`;
    const where = `${kind} at ${name} ${at}${database ? " of the database" : ""}`;
    const what = kind === "kill" ? "signal=KILL" : `error=${kind}`;
    // A full disk stays full.
    const when = kind === "ENOSPC" ? `${at}+` : `${at}`;
    const end = await harness.runUnder(results, [
      ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${name}`],
      ...["-e", `inject=${name}:${what}:when=${when}`],
      ...(database ? filesOf(results) : []),
    ]);
    if (end.signal !== null || end.code !== 0) broken++;
    say(`${where}: ${end.signal ?? end.code}`);
    if (kind !== "kill") assertReportedClearly(end, where);
    assert.deepEqual(withoutDatabaseAside(await harness.runAgain(results)), left, where);
    Deno.removeSync(results, { recursive: true });
  }
  return broken;
}

function filesOf(results: string): string[] {
  return ["", ".wal"].flatMap((end) => ["-P", `${results}/results.duckdb${end}`]);
}

/** Only calls that make files grow fail on a full disk. */
function canFail({ name }: SystemCall, kind: "ENOSPC" | "EIO"): boolean {
  return kind === "EIO" || ["pwrite64", "write", "openat", "mkdir", "fsync"].includes(name);
}

/** Each name as often as the thread that calls it most. */
function callsIn(trace: string, names: readonly string[], database: boolean): SystemCall[] {
  return names.flatMap((name) => {
    const made = new Map<string, number>();
    for (const line of trace.split("\n")) {
      const [, thread, called] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
      if (called === name) made.set(thread!, (made.get(thread!) ?? 0) + 1);
    }
    const most = Math.max(0, ...made.values());
    return Array.from({ length: most }, (_, place) => ({ name, at: place + 1, database }));
  });
}

/** A database that could not be read is set aside and rebuilt. */
function withoutDatabaseAside(left: Left): Left {
  const litter = left.litter.filter((path) => !path.startsWith("state/set_aside/database-"));
  return { ...left, litter };
}

if (import.meta.main) {
  const [kind = "kill", count, seed = "1"] = Deno.args;
  const folder = Deno.makeTempDirSync({ prefix: "system calls " });
  try {
    const sweep = await tracedSweep(folder);
    const broken = await breakSystemCalls(sweep, {
      kind: kind as SystemBreakOptions["kind"],
      ...(count !== undefined && { count: Number(count) }),
      seed: Number(seed),
      say: console.log,
    });
    console.log(
      `${broken} runs broken at ${sweep.calls.length} calls, each complete after another run`,
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

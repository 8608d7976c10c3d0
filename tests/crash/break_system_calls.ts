/**
 * Breaks a sweep at calls to the system, those of the database's native code among them, as strace
 * lets it: `deno run -A tests/crash/break_system_calls.ts [kill|ENOSPC|EIO] [how many] [seed]`
 */
import assert from "node:assert/strict";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import { assertToldClearly, faultHarness, faultSweep, type Left } from "./fault_harness.ts";

/** What changes files. Writing is not among it: threads are woken by it, and Deno keeps a cache. */
const everywhere = ["fsync", "rename", "mkdir", "unlink", "unlinkat"] as const;
/** What happens to the database's two files. */
const ofDatabase = ["openat", "pwrite64", "pread64", "write", "fsync", "unlink"] as const;

/** A call to break; each thread counts its own. */
interface SystemCall {
  readonly name: string;
  readonly at: number;
  /** Only calls that reach the database's files. */
  readonly database: boolean;
}

export interface SystemBreakOptions {
  readonly kind: "kill" | "ENOSPC" | "EIO";
  /** At most; all calls without it. */
  readonly count?: number;
  readonly seed: number;
  /** An empty folder to work in. */
  readonly folder: string;
  say?(line: string): void;
}

/** Whether strace is here, and may do what it does. */
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

/** @returns how many runs were broken, of how many, and of how many calls there are */
export async function breakSystemCalls(
  { kind, count = Infinity, seed, folder, say = () => {} }: SystemBreakOptions,
): Promise<{ broken: number; calls: number }> {
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
  const unbroken = await harness.leftIn(`${folder}/unbroken true`);
  const random = randomStream(seed).fork(`system ${kind}`);
  const chosen = calls.map((call, number) => ({ call, draw: random.uniform(number), number }))
    .filter(({ call }) => kind === "kill" || canFail(call, kind))
    .sort((a, b) => a.draw - b.draw)
    .slice(0, count);
  let broken = 0;
  for (const { call: { name, at, database }, number } of chosen) {
    const results = `${folder}/results ${number}`;
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
    if (kind !== "kill") assertToldClearly(end, where);
    const left = await harness.mend(results);
    assert.deepEqual(withoutDatabaseAside(left), unbroken, where);
    Deno.removeSync(results, { recursive: true });
  }
  return { broken, calls: calls.length };
}

function filesOf(results: string): string[] {
  return ["", ".wal"].flatMap((end) => ["-P", `${results}/results.duckdb${end}`]);
}

/** A disk is full for what makes files grow. */
function canFail({ name }: SystemCall, kind: "ENOSPC" | "EIO"): boolean {
  return kind === "EIO" || ["pwrite64", "write", "openat", "mkdir", "fsync"].includes(name);
}

/** Up to the most of a kind that one thread makes. */
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

/** A database that could not be read is kept, and made anew. */
function withoutDatabaseAside(left: Left): Left {
  const litter = left.litter.filter((path) => !path.startsWith("state/set_aside/database-"));
  return { ...left, litter };
}

if (import.meta.main) {
  const [kind = "kill", count, seed = "1"] = Deno.args;
  const folder = Deno.makeTempDirSync({ prefix: "system calls " });
  try {
    const { broken, calls } = await breakSystemCalls({
      kind: kind as SystemBreakOptions["kind"],
      ...(count !== undefined && { count: Number(count) }),
      seed: Number(seed),
      folder,
      say: console.log,
    });
    console.log(`${broken} runs broken at ${calls} calls, each made whole by running it again`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

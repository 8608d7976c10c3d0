/**
 * Runs an experiment, kills it with SIGKILL at random moments, starts it again, and compares the
 * results with those of an unbroken run: the digest of every artifact and every metric in the database.
 */
import { cleanEnvironment } from "../support/command.ts";
import { openStore } from "../../pipeline/store/artifact_store.ts";
import { digestFolder } from "../../pipeline/store/commit.ts";
import { digestOfFiles } from "../../pipeline/store/manifest.ts";
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";

export interface KillOptions {
  /** Program and arguments, without `--results`. */
  readonly command: readonly [string, ...string[]];
  /** Program and arguments of `sql` without a query. */
  readonly sql: readonly [string, ...string[]];
  /** An empty folder to work in. */
  readonly folder: string;
  /** Number of runs to kill. */
  readonly kills: number;
  readonly random: RandomStream;
  readonly say?: (line: string) => void;
}

/** The content of a results folder that does not depend on circumstances. */
export interface Outcome {
  /** `<stage>/<key>` -> digest of its files as they are on disk now. */
  readonly digests: Readonly<Record<string, string>>;
  /** Rows of the view `ablation`, in order, as CSV. */
  readonly metrics: string;
}

export interface KillReport {
  readonly unbroken: Outcome;
  /** One per results folder that was killed at least once and then ran to its end. */
  readonly broken: readonly Outcome[];
  readonly kills: number;
}

/**
 * Every second kill ends the whole process group, the others only the first process: its workers must
 * then end by themselves.
 */
export async function killAndCompare(options: KillOptions): Promise<KillReport> {
  const { folder, kills, random, say = () => {} } = options;
  const begun = performance.now();
  await runToEnd(options, `${folder}/unbroken`);
  const whole = performance.now() - begun;
  const unbroken = await outcomeOf(options, `${folder}/unbroken`);
  const broken: Outcome[] = [];
  let killed = 0;
  for (let attempt = 0; killed < kills;) {
    const results = `${folder}/broken ${broken.length}`;
    for (let ended = false; !ended && killed < kills; attempt++) {
      const moment = whole * random.fork("moment").uniform(attempt);
      ended = !await runAndKill(options, results, { moment, group: attempt % 2 === 0 });
      if (!ended) say(`kill ${++killed} after ${Math.round(moment)} ms`);
    }
    await runToEnd(options, results);
    broken.push(await outcomeOf(options, results));
  }
  return { unbroken, broken, kills: killed };
}

function start({ command: [program, ...args] }: KillOptions, results: string): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...args, "--results", results],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    clearEnv: true,
    env: cleanEnvironment(),
    detached: true,
  }).spawn();
}

async function runToEnd(options: KillOptions, results: string): Promise<void> {
  const child = start(options, results);
  const { code, stderr } = await child.output();
  if (code !== 0) {
    throw new Error(`the run ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** @returns whether it was killed before it ended */
async function runAndKill(
  options: KillOptions,
  results: string,
  { moment, group }: { moment: number; group: boolean },
): Promise<boolean> {
  const child = start(options, results);
  const ended = child.output();
  const timer = setTimeout(() => killHard(child.pid, group), moment);
  const { code, signal, stderr } = await ended;
  clearTimeout(timer);
  if (signal === "SIGKILL") return true;
  if (code === 0) return false;
  throw new Error(`the run ended with ${code}: ${new TextDecoder().decode(stderr)}`);
}

function killHard(pid: number, group: boolean): void {
  try {
    Deno.kill(group ? -pid : pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function outcomeOf({ sql: [program, ...args] }: KillOptions, root: string): Promise<Outcome> {
  const store = openStore(root);
  const digests: Record<string, string> = {};
  for (const { kind, key } of store.list()) {
    const files = await digestFolder(`${store.completeFolder(kind, key)}/artifact`);
    digests[`${kind}/${key}`] = digestOfFiles(files);
  }
  const query = "SELECT * FROM ablation ORDER BY ALL";
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args, query, "--format", "csv", "--results", root],
    clearEnv: true,
    env: cleanEnvironment(),
  }).output();
  if (code !== 0) throw new Error(`sql ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  return { digests, metrics: new TextDecoder().decode(stdout) };
}

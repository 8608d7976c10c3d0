/**
 * Breaks a sweep at every call that changes the file system, or at some of them, and compares the
 * results: `deno run -A tests/crash/break_every_call.ts [kill|ENOSPC|EIO] [how many] [seed]`
 */
import assert from "node:assert/strict";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import type { Fault } from "../support/faulty_disk.ts";
import {
  assertReportedClearly,
  faultHarness,
  faultPlaces,
  faultSweep,
  type Left,
} from "./fault_harness.ts";

/** A sweep that ran unbroken. */
export interface UnbrokenSweep {
  /** The folder to work in. */
  readonly folder: string;
  readonly harness: ReturnType<typeof faultHarness>;
  /** Where a disk can fail. */
  readonly places: readonly Omit<Fault, "kind">[];
  readonly left: Left;
}

/** @param folder an empty folder to work in */
export async function unbrokenSweep(folder: string): Promise<UnbrokenSweep> {
  const experiment = `${folder}/e.yaml`;
  Deno.writeTextFileSync(experiment, faultSweep);
  const harness = faultHarness(folder, experiment, ["--jobs", "2", "--threads", "1"]);
  const places = faultPlaces(await harness.calls(`${folder}/unbroken`));
  return { folder, harness, places, left: await harness.leftIn(`${folder}/unbroken`) };
}

export interface BreakOptions {
  readonly kind: Exclude<Fault["kind"], "list">;
  /** Break at most this many runs; without it, one at each place. */
  readonly count?: number;
  readonly seed: number;
  say?(line: string): void;
}

/** @returns how many of the runs did not end well before they ran again */
export async function breakAndCompare(
  { folder, harness, places, left }: UnbrokenSweep,
  { kind, count = Infinity, seed, say = () => {} }: BreakOptions,
): Promise<number> {
  const random = randomStream(seed).fork(kind);
  const chosen = places.map((place, number) => ({ place, draw: random.uniform(number), number }))
    .sort((a, b) => a.draw - b.draw)
    .slice(0, count);
  let broken = 0;
  for (const { place, number } of chosen) {
    const results = `${folder}/results ${kind} ${number}`;
    // Every third kill of the pipeline kills its workers as well; else they must end by themselves.
    const group = kind === "kill" && place.role === "pipeline" && number % 3 === 0;
    const fault: Fault = { kind, ...place, group };
    // Every fifth run is broken two more times while it recovers from the first.
    const faults = number % 5 === 0 ? [fault, fault, fault] : [fault];
    const ends = [];
    for (const fault of faults) ends.push(await harness.runBroken(results, fault));
    const { code, signal } = ends[0]!;
    const where = `${kind}${group ? " of all" : ""} at call ${place.at} of ${place.role} ` +
      place.match.slice(0, 8);
    if (signal !== null || code !== 0) broken++;
    say(`${where}: ${signal ?? code}`);
    if (kind !== "kill") ends.forEach((end) => assertReportedClearly(end, where));
    assert.deepEqual(await harness.runAgain(results), left, where);
    Deno.removeSync(results, { recursive: true });
  }
  return broken;
}

if (import.meta.main) {
  const [kind = "kill", count, seed = "1"] = Deno.args;
  const folder = Deno.makeTempDirSync({ prefix: "every call " });
  try {
    const sweep = await unbrokenSweep(folder);
    const broken = await breakAndCompare(sweep, {
      kind: kind as BreakOptions["kind"],
      ...(count !== undefined && { count: Number(count) }),
      seed: Number(seed),
      say: console.log,
    });
    console.log(
      `${broken} runs broken at ${sweep.places.length} places, each complete after another run`,
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

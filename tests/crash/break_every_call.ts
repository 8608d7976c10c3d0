/**
 * Breaks a sweep at every call that changes the file system, or at some of them, and compares what
 * comes out: `deno run -A tests/crash/break_every_call.ts [kill|ENOSPC|EIO] [how many] [seed]`
 */
import assert from "node:assert/strict";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import type { Fault } from "../support/faulty_disk.ts";
import { assertToldClearly, faultHarness, faultPlaces, faultSweep } from "./fault_harness.ts";

export interface BreakOptions {
  readonly kind: Exclude<Fault["kind"], "list">;
  /** At most; all places without it. */
  readonly count?: number;
  readonly seed: number;
  /** An empty folder to work in. */
  readonly folder: string;
  say?(line: string): void;
}

/** @returns how many runs were broken, and how each ended */
export async function breakAndCompare(
  { kind, count = Infinity, seed, folder, say = () => {} }: BreakOptions,
): Promise<{ broken: number; places: number }> {
  const experiment = `${folder}/e.yaml`;
  Deno.writeTextFileSync(experiment, faultSweep);
  const harness = faultHarness(folder, experiment, ["--jobs", "2", "--threads", "1"]);
  const calls = await harness.calls(`${folder}/unbroken`);
  const unbroken = await harness.leftIn(`${folder}/unbroken`);
  const places = faultPlaces(calls);
  const random = randomStream(seed).fork(kind);
  const chosen = places.map((place, number) => ({ place, draw: random.uniform(number), number }))
    .sort((a, b) => a.draw - b.draw)
    .slice(0, count);
  let broken = 0;
  for (const { place, number } of chosen) {
    const results = `${folder}/results ${number}`;
    // Every third kill of the pipeline takes its workers as well; else they must go by themselves.
    const group = kind === "kill" && place.role === "pipeline" && number % 3 === 0;
    const fault: Fault = { kind, ...place, group };
    // Now and then two more blows while it goes on from the first.
    const faults = number % 5 === 0 ? [fault, fault, fault] : [fault];
    const ends = [];
    for (const fault of faults) ends.push(await harness.runBroken(results, fault));
    const { code, signal } = ends[0]!;
    const where = `${kind}${group ? " of all" : ""} at call ${place.at} of ${place.role} ` +
      place.match.slice(0, 8);
    if (signal !== null || code !== 0) broken++;
    say(`${where}: ${signal ?? code}`);
    if (kind !== "kill") ends.forEach((end) => assertToldClearly(end, where));
    assert.deepEqual(await harness.mend(results), unbroken, where);
    Deno.removeSync(results, { recursive: true });
  }
  return { broken, places: places.length };
}

if (import.meta.main) {
  const [kind = "kill", count, seed = "1"] = Deno.args;
  const folder = Deno.makeTempDirSync({ prefix: "every call " });
  try {
    const { broken, places } = await breakAndCompare({
      kind: kind as BreakOptions["kind"],
      ...(count !== undefined && { count: Number(count) }),
      seed: Number(seed),
      folder,
      say: console.log,
    });
    console.log(`${broken} runs broken at ${places} places, each made whole by running it again`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

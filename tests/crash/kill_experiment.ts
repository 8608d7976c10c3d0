/**
 * Kills a real experiment at random moments and compares with an unbroken run:
 *
 *     deno run -A tests/crash/kill_experiment.ts experiments/smoke.yaml [kills] [seed]
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { killAndCompare } from "./kill_harness.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const [experiment = path("experiments/smoke.yaml"), kills = "20", seed = "1"] = Deno.args;
const main = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  "--config",
  path("deno.json"),
  path("pipeline/main.ts"),
] as const;

using folder = temporaryFolder();
const report = await killAndCompare({
  command: [...main, "run", experiment],
  sql: [...main, "sql"],
  folder: folder.path,
  kills: Number(kills),
  random: randomStream(Number(seed)),
  say: console.log,
});
for (const outcome of report.broken) assert.deepEqual(outcome, report.unbroken);
const artifacts = Object.keys(report.unbroken.digests).length;
console.log(
  `${report.kills} kills over ${report.broken.length} results folders: ` +
    `${artifacts} digests and all metrics equal those of the unbroken run`,
);

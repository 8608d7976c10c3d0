import assert from "node:assert/strict";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import { tries } from "../support/long_test.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { toyCommand, toyExperiment } from "../support/toy_command.ts";
import { killAndCompare } from "./kill_harness.ts";

const count = tries({ short: 1, long: 20 });

Deno.test(`${count} kills at random moments leave the digests and metrics of an unbroken run`, async () => {
  using folder = temporaryFolder();
  const overrides = ["--set", "tuned.seed=[1, 2]", "--set", "tuned.pause=4", "--jobs", "2"];
  const { unbroken, broken, kills } = await killAndCompare({
    command: [...toyCommand, "run", toyExperiment, ...overrides],
    sql: [...toyCommand, "sql"],
    folder: folder.path,
    kills: count,
    random: randomStream(7),
  });
  assert.equal(kills, count);
  assert.equal(Object.keys(unbroken.digests).length, 13);
  for (const outcome of broken) assert.deepEqual(outcome, unbroken);
});

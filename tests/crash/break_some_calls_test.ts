import assert from "node:assert/strict";
import { tries } from "../support/long_test.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { breakAndCompare, unbrokenSweep } from "./break_every_call.ts";

const counts = {
  kill: tries({ short: 2, long: 40 }),
  ENOSPC: tries({ short: 1, long: 12 }),
  EIO: tries({ short: 1, long: 12 }),
};

// All places: deno run -A tests/crash/break_every_call.ts kill
Deno.test("runs broken at calls to the disk are complete after another run", async (test) => {
  using folder = temporaryFolder();
  const sweep = await unbrokenSweep(folder.path);
  assert.ok(sweep.places.length > 200, `${sweep.places.length} places`);
  for (const kind of ["kill", "ENOSPC", "EIO"] as const) {
    await test.step(`${counts[kind]} broken by ${kind}`, async () => {
      const broken = await breakAndCompare(sweep, { kind, count: counts[kind], seed: 3 });
      // An error at the last calls, after everything is stored, may break nothing.
      assert.ok(broken >= Math.floor(0.8 * counts[kind]), `${broken} of ${counts[kind]}`);
    });
  }
});

import assert from "node:assert/strict";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { breakAndCompare } from "./break_every_call.ts";

// All places: deno run -A tests/crash/break_every_call.ts kill
for (const [kind, count] of [["kill", 40], ["ENOSPC", 12], ["EIO", 12]] as const) {
  Deno.test(`${count} runs broken by ${kind} at calls to the disk are made whole by running them again`, async () => {
    using folder = temporaryFolder();
    const { broken, places } = await breakAndCompare({ kind, count, seed: 3, folder: folder.path });
    assert.ok(places > 200, `${places} places`);
    // An error at the last calls, after everything is stored, may break nothing.
    assert.ok(broken >= 0.8 * count, `${broken} of ${count} were broken`);
  });
}

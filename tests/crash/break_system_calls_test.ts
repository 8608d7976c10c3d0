import assert from "node:assert/strict";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { breakSystemCalls, straceWorks } from "./break_system_calls.ts";

const works = straceWorks();
if (!works) console.log("runs broken by strace: skipped, strace is not here or may not trace");

// All calls: deno run -A tests/crash/break_system_calls.ts kill
for (const [kind, count] of [["kill", 6], ["ENOSPC", 4], ["EIO", 4]] as const) {
  Deno.test({
    name:
      `${count} runs broken by ${kind} in the system, the database's part included, are made whole`,
    ignore: !works,
    async fn() {
      using folder = temporaryFolder();
      const { calls } = await breakSystemCalls({ kind, count, seed: 2, folder: folder.path });
      assert.ok(calls > 100, `${calls} calls`);
    },
  });
}

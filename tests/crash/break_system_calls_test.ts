import assert from "node:assert/strict";
import { isLong } from "../support/long_test.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { breakSystemCalls, straceWorks, tracedSweep } from "./break_system_calls.ts";

const works = straceWorks();
if (isLong && !works) {
  console.log("runs broken by strace: skipped, strace is not installed or may not trace");
}

const counts = { kill: 6, ENOSPC: 4, EIO: 4 };

// break_some_calls_test.ts has the short version. All calls: deno run -A tests/crash/break_system_calls.ts kill
Deno.test({
  name: "runs broken at system calls, those of the database included, are complete after another",
  ignore: !isLong || !works,
  async fn(test) {
    using folder = temporaryFolder();
    const sweep = await tracedSweep(folder.path);
    assert.ok(sweep.calls.length > 100, `${sweep.calls.length} calls`);
    for (const kind of ["kill", "ENOSPC", "EIO"] as const) {
      await test.step(`${counts[kind]} broken by ${kind}`, async () => {
        await breakSystemCalls(sweep, { kind, count: counts[kind], seed: 2 });
      });
    }
  },
});

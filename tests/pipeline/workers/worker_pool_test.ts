import assert from "node:assert/strict";
import { workerPool } from "../../../pipeline/workers/worker_pool.ts";
import type { WorkerJob } from "../../../pipeline/workers/protocol.ts";

Deno.test("a process that cannot be started fails its stage, and no other", async () => {
  await using pool = workerPool({
    program: Deno.execPath(),
    before: [],
    after: ["x".repeat(200_000)], // longer than the system allows
    reads: [],
    native: () => ({ reads: [], writes: [], environment: {} }),
  });
  const grant = { read: [], write: [], native: false, network: false, programs: [] };
  const job = { grant, environment: {} } as unknown as WorkerJob;
  const starting = () => Promise.resolve(() => {});
  const listener = { starting, event() {}, log() {}, locked: () => undefined, filled() {} };
  const outcome = await pool.run(job, listener);
  assert.ok(outcome.type === "failed");
  assert.match(outcome.failure.what, /^its process could not be started: .*Argument list too long/);
});

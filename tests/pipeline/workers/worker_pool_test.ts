import assert from "node:assert/strict";
import { projectFolder } from "../../support/command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
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

/** A worker that does nothing, and says which process it is. */
const idler = `import { workerLine } from ${
  JSON.stringify(import.meta.resolve("../../../pipeline/workers/protocol.ts"))
};
const send = (event) => console.log(workerLine(event).trimEnd());
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
for await (const line of lines) {
  for (const { type } of line.trim().split("\\n").map((text) => JSON.parse(text))) {
    if (type === "close") Deno.exit(0);
    if (type === "run") send({ type: "loaded" });
    if (type === "lock") send({ type: "locked" });
    if (type === "release") {
      send({ type: "say", line: "process " + Deno.pid });
      send({ type: "released" });
    }
  }
}`;

/** The processes that run two jobs which may share one. */
async function processesOfTwo(options: { most?: number }): Promise<number> {
  using folder = temporaryFolder();
  const script = `${folder.path}/idler.ts`;
  Deno.writeTextFileSync(script, idler);
  await using pool = workerPool({
    program: Deno.execPath(),
    before: ["run", "--quiet", "--no-check", "--config", `${projectFolder}deno.json`],
    after: [script],
    reads: [projectFolder],
    native: () => ({ reads: [], writes: [], environment: {} }),
  }, options);
  const grant = { read: [], write: [], native: false, network: false, programs: [] };
  const job = { grant, environment: {} } as unknown as WorkerJob;
  const processes = new Set<string>();
  const listener = {
    starting: () => Promise.resolve(() => {}),
    event() {},
    log: (line: string) => processes.add(line),
    locked: () => undefined,
    filled() {},
  };
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(await pool.run(job, listener, grant), { type: "done", made: false });
  }
  assert.ok([...processes].every((line) => /^process \d+$/.test(line)), [...processes].join("\n"));
  return processes.size;
}

Deno.test("jobs share a process until it has taken much memory, which it may never give back", async () => {
  assert.equal(await processesOfTwo({}), 1);
  // Where the system does not report memory, it is not known.
  assert.equal(await processesOfTwo({ most: 1_000_000 }), Deno.build.os === "linux" ? 2 : 1);
});

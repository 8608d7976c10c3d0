import assert from "node:assert/strict";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { keptOfLog, stageLog } from "../../../pipeline/run/stage_log.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { toyNodes } from "../../support/toy_plan.ts";

function prepared() {
  const folder = temporaryFolder();
  const store = openStore(folder.path);
  const [node] = toyNodes("name: x\nseed: 1\nstages:\n  numbers: { use: toy_numbers }\n");
  const log = `${store.pendingFolder(node!.key)}/log`;
  Deno.mkdirSync(log, { recursive: true });
  return Object.assign(folder, { log: stageLog(store, node!), file: `${log}/output.log` });
}

Deno.test("a long log keeps its last lines, whole, and says that others were left out", () => {
  using folder = prepared();
  const { log, file } = folder;
  log.line("before it was opened");
  log.open();
  const line = (number: number) => `${number} ${"x".repeat(1000)}`;
  const count = 20_000; // 20 MB
  for (let number = 0; number < count; number++) {
    log.line(line(number));
    if (number % 1000 === 0) assert.ok(Deno.statSync(file).size <= 2 * keptOfLog + 2000);
  }
  log.close();
  const [first, second, ...rest] = Deno.readTextFileSync(file).trimEnd().split("\n");
  assert.equal(first, "(earlier lines were left out)");
  const start = Number(second!.split(" ")[0]);
  assert.ok(count - start > keptOfLog / 1100, "at least the last 4 MiB are kept");
  assert.deepEqual(rest, Array.from({ length: rest.length }, (_, at) => line(start + 1 + at)));
  assert.equal(rest.at(-1), line(count - 1));
});

Deno.test("a short log keeps everything, also when the stage goes on after a kill", () => {
  using folder = prepared();
  const { log, file } = folder;
  for (const text of ["one", "two"]) {
    log.open();
    log.line(text);
    log.close();
  }
  assert.equal(Deno.readTextFileSync(file), "one\ntwo\n");
});

import assert from "node:assert/strict";
import { MemoryFiles } from "../../../../stages/tensorflow/compiled/memory_files.ts";
import { testCompute } from "../../../support/compute.ts";

const { binding: { native, eager } } = await testCompute();
const files = new MemoryFiles(native);

Deno.test("files in memory are listed once they are complete, and read as they were written", () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i * 7);
  files.write("whole.test.pb", bytes);
  files.write("part.test.pb.tmp", bytes);
  assert.deepEqual(files.names().filter((name) => name.includes(".test.")), ["whole.test.pb"]);
  assert.deepEqual(files.read("whole.test.pb", eager), bytes);
  for (const name of ["whole.test.pb", "part.test.pb.tmp"]) files.remove(name);
});

Deno.test("a file that another thread has removed is not there, and leaves no tensor behind", () => {
  files.write("gone.test.pb", Uint8Array.of(1, 2, 3));
  files.remove("gone.test.pb");
  const before = eager.tensorCount;
  assert.equal(files.read("gone.test.pb", eager), undefined);
  assert.equal(eager.tensorCount, before);
  files.remove("gone.test.pb");
});

import assert from "node:assert/strict";
import * as fc from "fast-check";
import { CompiledFiles } from "../../../../stages/tensorflow/compiled/compiled_files.ts";
import type { WriterAnswer, WriterRequest } from "../../../support/compiled_writer.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i * i % 251);
const file = { name: "xla_1__2.pb", bytes };

Deno.test("a compiled function is read as it was written, also without a byte, and the last one counts", () => {
  using root = temporaryFolder();
  const files = new CompiledFiles(`${root.path}/this processor`);
  assert.equal(files.read("step"), undefined);
  for (const each of [file, { name: "other.pb", bytes: new Uint8Array(0) }]) {
    files.write("step", each);
    assert.deepEqual(files.read("step"), each);
  }
  files.remove("step");
  assert.equal(files.read("step"), undefined);
});

Deno.test("a damaged compiled function counts as missing, and its place is free again", () => {
  using root = temporaryFolder();
  const files = new CompiledFiles(`${root.path}/this`);
  files.write("step", file);
  const path = `${root.path}/this/step`;
  const intact = Deno.readFileSync(path);
  const damages = fc.oneof(
    fc.nat(intact.length - 1).map((length) => intact.slice(0, length)), // cut off
    fc.tuple(fc.nat(intact.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([place, change]) => intact.map((byte, i) => i === place ? byte ^ change : byte)),
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(300).map((zeros) => new Uint8Array([...intact, ...new Uint8Array(1 + zeros)])),
  );
  fc.assert(fc.property(damages, (damaged) => {
    Deno.writeFileSync(path, new Uint8Array(damaged));
    assert.equal(files.read("step"), undefined);
    assert.deepEqual([...Deno.readDirSync(`${root.path}/this`)], []);
  }));
});

Deno.test("where nothing can be written, nothing is kept, and nothing fails", () => {
  using root = temporaryFolder();
  Deno.writeTextFileSync(`${root.path}/file`, "in the way");
  const files = new CompiledFiles(`${root.path}/file/this`);
  files.write("step", file);
  files.remove("step");
  files.trim(0);
  assert.equal(files.read("step"), undefined);
  // A folder in the place of the function: the part that was written is gone, too.
  Deno.mkdirSync(`${root.path}/that/step/full`, { recursive: true });
  const those = new CompiledFiles(`${root.path}/that`);
  those.write("step", file);
  assert.equal(those.read("step"), undefined);
  assert.deepEqual([...Deno.readDirSync(`${root.path}/that`)].map(({ name }) => name), ["step"]);
});

Deno.test("trim() removes what was not used for the longest time, of other processors and killed writers, too", () => {
  using root = temporaryFolder();
  const mine = new CompiledFiles(`${root.path}/mine`);
  const other = new CompiledFiles(`${root.path}/other`);
  mine.write("old", file);
  mine.write("new", file);
  other.write("older", file);
  Deno.writeFileSync(`${root.path}/mine/new.f00.part`, bytes);
  const ages = { "mine/old": 100, "mine/new": 300, "other/older": 50, "mine/new.f00.part": 40 };
  for (const [path, time] of Object.entries(ages)) {
    Deno.utimeSync(`${root.path}/${path}`, time, time);
  }
  const size = Deno.statSync(`${root.path}/mine/old`).size;
  const left = () =>
    [...Deno.readDirSync(root.path)].flatMap(({ name }) =>
      [...Deno.readDirSync(`${root.path}/${name}`)].map((each) => `${name}/${each.name}`)
    ).sort();
  mine.trim(3 * size + bytes.length);
  assert.equal(left().length, 4);
  mine.trim(3 * size);
  assert.deepEqual(left(), ["mine/new", "mine/old", "other/older"]);
  mine.read("old"); // now the last that was used
  mine.trim(size);
  assert.deepEqual(left(), ["mine/old"]);
  assert.deepEqual([...Deno.readDirSync(root.path)].map(({ name }) => name), ["mine"]);
});

Deno.test("while several threads write a compiled function, each reads one that is whole", async () => {
  using root = temporaryFolder();
  const threads = [1, 2, 3];
  const found = await Promise.all(threads.map((byte) => {
    const url = import.meta.resolve("../../../support/compiled_writer.ts");
    const thread = new Worker(url, { type: "module" });
    const request: WriterRequest = { folder: `${root.path}/here`, byte, times: 40 };
    return new Promise<WriterAnswer>((resolve) => {
      thread.onmessage = ({ data }) => {
        thread.terminate();
        resolve(data);
      };
      thread.postMessage(request);
    });
  }));
  const whole = new Set(threads.map((byte) => `of_${byte}.pb ${100_000 + byte} true`));
  assert.deepEqual(found.flat().filter((each) => !whole.has(each)), []);
  assert.deepEqual([...Deno.readDirSync(`${root.path}/here`)].map(({ name }) => name), ["step"]);
});

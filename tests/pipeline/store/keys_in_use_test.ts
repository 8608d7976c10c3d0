import assert from "node:assert/strict";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { exists } from "../../../pipeline/disk/read_if_there.ts";
import { tryFileLock } from "../../../pipeline/disk/file_lock.ts";
import {
  heldKeys,
  holdKeys,
  scratchFolder,
  sweepLeftovers,
} from "../../../pipeline/store/keys_in_use.ts";
import { writeAtomically } from "../../../pipeline/disk/atomic_write.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("files of killed processes are swept, files of live ones stay", () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  store.prepare();
  using _held = holdKeys(store, ["a", "b"]);
  using scratch = scratchFolder(store);
  const unlocked = `verify/${crypto.randomUUID()}`;
  const left = ["live/1.json", "verify/2.lock", "verify/2/pending/x", "asked/q.json.3.part"]
    .concat(`${unlocked}/artifact/x`)
    .concat("4.part", "code/text/t.gz.5.part")
    .map((path) => store.stateFile(path));
  for (const path of left) {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, "half");
  }
  Deno.mkdirSync(store.stateFile("set_aside/old"), { recursive: true });
  const kept = [store.stateFile("set_aside/old/own.part"), store.stateFile("q.json.6.part")];
  Deno.writeTextFileSync(kept[0]!, "a stage's own");
  using _writing = tryFileLock(kept[1]!)!;

  sweepLeftovers(store);
  assert.deepEqual(left.filter(exists), []);
  assert.ok(!exists(store.stateFile("verify/2")));
  assert.ok(!exists(store.stateFile(unlocked)));
  assert.deepEqual(kept.filter(exists), kept);
  assert.ok(exists(scratch.path));
  assert.deepEqual(heldKeys(store), new Set(["a", "b"]));
});

Deno.test("a process that ends normally leaves nothing behind", () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  store.prepare();
  {
    using _held = holdKeys(store, ["a"]);
    using scratch = scratchFolder(store);
    Deno.writeTextFileSync(`${scratch.path}/x`, "");
  }
  assert.deepEqual(heldKeys(store), new Set());
  assert.deepEqual([...Deno.readDirSync(store.stateFile("verify"))], []);
});

Deno.test("a file that cannot be renamed leaves nothing half-written", () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(`${folder.path}/taken/below`, { recursive: true });
  assert.throws(() => writeAtomically(`${folder.path}/taken`, "text"));
  assert.deepEqual(Array.from(Deno.readDirSync(folder.path), ({ name }) => name), ["taken"]);
  writeAtomically(`${folder.path}/free`, "text");
  assert.equal(Deno.readTextFileSync(`${folder.path}/free`), "text");
});

Deno.test("keys in use are read beside runs that end and processes that sweep", () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  store.prepare();
  using _held = holdKeys(store, ["a"]);
  // A sweep that opened the file of a run which had just ended: locked, but empty.
  using _sweeping = tryFileLock(store.stateFile("live/ended.json"))!;
  // A file whose run removes it after it was listed.
  Deno.symlinkSync(`${folder.path}/gone`, store.stateFile("live/gone.json"));
  assert.deepEqual(heldKeys(store), new Set(["a"]));
  Deno.removeSync(store.stateFile("live"), { recursive: true });
  assert.deepEqual(heldKeys(store), new Set());
});

Deno.test("held keys have no name before they are written, and leave none", () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  store.prepare();
  const names = () => Array.from(Deno.readDirSync(store.stateFile("live")), ({ name }) => name);
  const held = holdKeys(store, ["a", "b"]);
  const [name, ...others] = names();
  assert.deepEqual(others, []);
  assert.match(name!, /^[0-9a-f-]{36}\.json$/);
  assert.equal(Deno.readTextFileSync(store.stateFile(`live/${name}`)), '["a","b"]');
  assert.equal(tryFileLock(store.stateFile(`live/${name}`)), undefined);
  held[Symbol.dispose]();
  assert.deepEqual(names(), []);
});

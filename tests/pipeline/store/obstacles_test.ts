import assert from "node:assert/strict";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { moveObstacles } from "../../../pipeline/store/obstacles.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const key = "a".repeat(64);

Deno.test("what lies in the place of a file or a folder of the store is moved, and reported once", () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  const moved = () => {
    const said: string[] = [];
    moveObstacles(store, (line) => said.push(line));
    return said;
  };
  Deno.writeTextFileSync(`${folder.path}/artifacts`, "mine");
  Deno.mkdirSync(`${store.lockFile(key)}/mine`, { recursive: true });
  Deno.mkdirSync(store.stateFile("last/toy"), { recursive: true });
  Deno.writeTextFileSync(store.stateFile("requested"), "mine");
  assert.deepEqual(moved(), [
    "warning: the file artifacts was in the place of a folder of the results; " +
    "it was moved to artifacts.in_the_way-1",
    "warning: the file state/requested was in the place of a folder of the results; " +
    "it was moved to state/requested.in_the_way-1",
    `warning: the folder pending/${key}.lock was in the place of a file of the results; ` +
    `it was moved to pending/${key}.lock.in_the_way-1`,
    "warning: the folder state/last/toy was in the place of a file of the results; " +
    "it was moved to state/last/toy.in_the_way-1",
  ]);
  assert.deepEqual(moved(), []);
  assert.equal(Deno.readTextFileSync(`${folder.path}/artifacts.in_the_way-1`), "mine");
});

Deno.test("files and folders that are in nobody's way stay where they are", () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  store.prepare();
  for (const path of ["artifacts/notes.txt", "pending/notes.txt", "state/notes.txt"]) {
    Deno.writeTextFileSync(`${folder.path}/${path}`, "mine");
  }
  Deno.mkdirSync(store.stateFile("requested/my notes"), { recursive: true });
  moveObstacles(store, (line) => assert.fail(line));
  assert.deepEqual(store.list(), []);
});

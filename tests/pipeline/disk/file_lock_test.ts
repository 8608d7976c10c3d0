import assert from "node:assert/strict";
import { fileLock, tryFileLock } from "../../../pipeline/disk/file_lock.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("a lock has one holder, and its file is removed on release", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/key.lock`;
  const lock = tryFileLock(path)!;
  assert.equal(tryFileLock(path), undefined);
  lock.release();
  lock.release();
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  using again = tryFileLock(path);
  assert.ok(again !== undefined);
});

Deno.test("a lock file left by a killed process does not block", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/key.lock`, "");
  using lock = tryFileLock(`${folder.path}/key.lock`);
  assert.ok(lock !== undefined);
});

Deno.test("a waiter is notified once and acquires the lock next", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/key.lock`;
  const first = tryFileLock(path)!;
  let notified = 0;
  const waiting = Promise.withResolvers<void>();
  const second = fileLock(path, {
    waiting: () => {
      notified++;
      waiting.resolve();
    },
  });
  await waiting.promise;
  first.release();
  using _lock = await second;
  assert.equal(notified, 1);
  assert.equal(tryFileLock(path), undefined);
});

Deno.test("aborting ends the wait", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/key.lock`;
  using _first = tryFileLock(path)!;
  const stop = new AbortController();
  const second = fileLock(path, { signal: stop.signal, waiting: () => stop.abort() });
  await assert.rejects(second, { name: "AbortError" });
});

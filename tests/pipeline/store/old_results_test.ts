import assert from "node:assert/strict";
import { findOldResults, moveOldResults } from "../../../pipeline/store/old_results.ts";
import { holdKeys } from "../../../pipeline/store/keys_in_use.ts";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { tryFileLock } from "../../../pipeline/disk/file_lock.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** Files of an earlier version, and code next to them. */
const files = [
  "artifacts/toy_train/abc/manifest.json",
  "pending/def/resume/step.json",
  "logs/toy.txt",
  "reports/toy/report.html",
  "results.duckdb",
  "results.duckdb.wal",
  "search.html",
  "state/format.json",
  "state/asked/q.json",
];
const code = ["database/schema.sql", "report/report_command.ts"];

function write(folder: string, paths: readonly string[]): void {
  for (const path of paths) {
    const file = `${folder}/${path}`;
    Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(file, path === "state/format.json" ? '{"format":1}' : path);
  }
}

function filesIn(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${prefix}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(folder, `${prefix}${name}/`) : [`${prefix}${name}`]
  ).filter((path) => !path.endsWith("door.lock")).sort();
}

const moved = [...code, ...files.map((path) => `store/${path}`)].sort();

function oldResults() {
  const folder = temporaryFolder();
  write(folder.path, [...files, ...code]);
  const target = `${folder.path}/store`;
  return {
    path: folder.path,
    target,
    move: () => moveOldResults({ folder: folder.path }, target),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

Deno.test("old results are found by what a run writes, not by code or stray pages", () => {
  using folder = temporaryFolder();
  write(folder.path, [...code, "search.html", "store/artifacts/x"]);
  assert.equal(findOldResults(folder.path), undefined);
  write(folder.path, ["artifacts/x", "state/format.json"]);
  assert.deepEqual(findOldResults(folder.path), {
    folder: folder.path,
    entries: ["artifacts", "search.html", "state"],
    interrupted: false,
  });
});

Deno.test("old results move with all their files, and the code stays", async () => {
  using old = oldResults();
  await old.move();
  assert.deepEqual(filesIn(old.path), moved);
  assert.equal(findOldResults(old.path), undefined);
});

Deno.test("old results move into an empty folder, and never into one that holds something", async () => {
  using old = oldResults();
  Deno.mkdirSync(old.target);
  Deno.writeTextFileSync(`${old.target}/results.duckdb`, "new");
  const before = filesIn(old.path);
  await assert.rejects(old.move(), /there are results here already/);
  assert.deepEqual(filesIn(old.path), before);
  Deno.removeSync(`${old.target}/results.duckdb`);
  await old.move();
  assert.deepEqual(filesIn(old.path), moved);
});

Deno.test("old results that a process works with are not moved", async () => {
  using old = oldResults();
  const refused = /a run is working with the results of the earlier version/;
  {
    using _held = holdKeys(openStore(old.path), ["abc"]);
    await assert.rejects(old.move(), refused);
  }
  {
    using _lock = tryFileLock(`${old.path}/pending/def.lock`);
    await assert.rejects(old.move(), refused);
  }
  assert.deepEqual(filesIn(old.path), [...files, ...code].sort());
  await old.move();
  assert.deepEqual(filesIn(old.path), moved);
});

/** Runs something with a rename that fails as if the process had been killed before the n-th. */
async function killedAtRename(number: number, act: () => Promise<void>): Promise<void> {
  const rename = Deno.renameSync;
  let count = 0;
  Deno.renameSync = (from, to) => {
    if (++count === number) throw new Error("killed");
    rename(from, to);
  };
  try {
    await act();
  } finally {
    Deno.renameSync = rename;
  }
}

Deno.test("a move that is killed at any rename loses nothing, is reported, and can be continued", async () => {
  for (let number = 1;; number++) {
    using old = oldResults();
    try {
      await killedAtRename(number, old.move);
      assert.equal(number - 1, 9, "one rename for each of the eight entries, and the last one");
      return;
    } catch (error) {
      if ((error as Error).message !== "killed") throw error;
    }
    const names = filesIn(old.path).map((path) => path.replace(".moving_to_store/", ""));
    assert.deepEqual(names.sort(), [...files, ...code].sort());
    assert.equal(findOldResults(old.path)?.interrupted, true);
    await old.move();
    assert.deepEqual(filesIn(old.path), moved);
  }
});

Deno.test("a continued move overwrites nothing that was written in the meantime", async () => {
  using old = oldResults();
  await assert.rejects(killedAtRename(6, old.move), /killed/);
  write(old.path, ["artifacts/toy_train/new/manifest.json"]);
  const before = filesIn(old.path);
  await assert.rejects(old.move(), /an interrupted move already moved results of this name/);
  assert.deepEqual(filesIn(old.path), before);
});

Deno.test("a link with a relative path is not moved", async () => {
  using old = oldResults();
  Deno.removeSync(`${old.path}/logs`, { recursive: true });
  Deno.symlinkSync("../elsewhere", `${old.path}/logs`);
  await assert.rejects(old.move(), /a link with a relative path/);
});

Deno.test("two processes that move old results at once move them once", async () => {
  using old = oldResults();
  await Promise.all([old.move(), old.move()]);
  assert.deepEqual(filesIn(old.path), moved);
});

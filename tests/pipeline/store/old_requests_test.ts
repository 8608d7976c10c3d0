import assert from "node:assert/strict";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { moveOldRequests } from "../../../pipeline/store/old_requests.ts";
import {
  keepRequest,
  lastRequest,
  readRequests,
  type RequestRecord,
} from "../../../pipeline/store/request_record.ts";
import { listRequests } from "../../../results/database/stored_files.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const time = (minute: number) => `2026-01-02T03:0${minute}:00.000Z`;

function record(id: string, minute: number): RequestRecord {
  return {
    id,
    experiment: "toy",
    file: "toy.yaml",
    baseline: { alignment: "none" },
    nodes: [],
    requested: time(minute),
  };
}

/** A folder as an earlier version left it: two requests, the printed report of one, and a damaged file. */
function oldFolder() {
  const folder = temporaryFolder();
  const write = (name: string, text: string) => {
    const path = `${folder.path}/state/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  };
  write("format.json", '{"format":1}\n');
  write("last/toy", "b\n");
  for (const { requested, ...rest } of [record("a", 1), record("b", 2)]) {
    write(`asked/${rest.id}.json`, JSON.stringify({ ...rest, asked: requested }));
  }
  write("asked/b.txt", "a report");
  write("asked/c.json", '{"id":');
  return {
    path: folder.path,
    store: openStore(folder.path),
    write,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const names = (folder: string) => {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
};

Deno.test("requests of an earlier version are read where they are, and reading changes nothing", () => {
  using old = oldFolder();
  const before = names(`${old.path}/state/asked`);
  assert.deepEqual(readRequests(`${old.path}/state`), [record("a", 1), record("b", 2)]);
  assert.deepEqual(listRequests(old.path), [record("a", 1), record("b", 2)]);
  assert.deepEqual(lastRequest(old.store, "toy"), record("b", 2));
  assert.deepEqual(names(`${old.path}/state/asked`), before);
});

Deno.test("keeping a request moves those of an earlier version, and older programs refuse the folder", () => {
  using old = oldFolder();
  old.store.prepare();
  keepRequest(old.store, record("b", 3));
  assert.deepEqual(names(`${old.path}/state`), ["format.json", "last", "requested"]);
  assert.deepEqual(names(`${old.path}/state/requested`), ["a.json", "b.json"]);
  assert.doesNotMatch(Deno.readTextFileSync(`${old.path}/state/requested/a.json`), /asked/);
  assert.deepEqual(readRequests(`${old.path}/state`), [record("a", 1), record("b", 3)]);
  assert.equal(Deno.readTextFileSync(`${old.path}/state/format.json`), '{"format":2}\n');
});

Deno.test("of a request in both folders, the later time counts", () => {
  for (const [there, expected] of [[1, 2], [3, 3]] as const) {
    using old = oldFolder();
    old.write("requested/b.json", JSON.stringify(record("b", there)));
    const read = () => readRequests(`${old.path}/state`).find(({ id }) => id === "b");
    assert.deepEqual([read(), lastRequest(old.store, "toy")], Array(2).fill(record("b", expected)));
    moveOldRequests(old.store);
    assert.deepEqual(read(), record("b", expected));
  }
});

/** Runs something as if the process were killed before the n-th rename or removal. */
function killedAt(number: number, act: () => void): void {
  const { renameSync, removeSync } = Deno;
  let count = 0;
  const killed = <Args extends unknown[]>(call: (...args: Args) => void) => (...args: Args) => {
    if (++count === number) throw new Error("killed");
    call(...args);
  };
  Object.assign(Deno, { renameSync: killed(renameSync), removeSync: killed(removeSync) });
  try {
    act();
  } finally {
    Object.assign(Deno, { renameSync, removeSync });
  }
}

Deno.test("a move that is killed at any call loses no request, and the next one completes it", () => {
  const expected = [record("a", 1), record("b", 2)];
  for (let number = 1;; number++) {
    using old = oldFolder();
    const move = () => moveOldRequests(old.store);
    try {
      killedAt(number, move);
      assert.ok(number > 6, "two renames, four files and a folder removed");
      return;
    } catch (error) {
      if ((error as Error).message !== "killed") throw error;
    }
    assert.deepEqual(readRequests(`${old.path}/state`), expected, `before call ${number}`);
    move();
    assert.deepEqual(readRequests(`${old.path}/state`), expected);
    assert.deepEqual(names(`${old.path}/state/asked`), []);
  }
});

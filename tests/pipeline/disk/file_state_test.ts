import assert from "node:assert/strict";
import { fileLooks, fileState } from "../../../pipeline/disk/file_state.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** A clock that stands at a file's last modification, plus what it is moved by. */
function clockAt(path: string) {
  let milliseconds = Deno.statSync(path).mtime!.getTime();
  return {
    move: (by: number) => void (milliseconds += by),
    clock: { now: () => new Date(milliseconds).toISOString(), seconds: () => milliseconds / 1000 },
  };
}

/** A file that was written with a time which is not a whole second. */
function writtenIn(folder: string): string {
  const path = `${folder}/file.txt`;
  do Deno.writeTextFileSync(path, "1"); while (Deno.statSync(path).mtime!.getTime() % 1000 === 0);
  return path;
}

Deno.test("a file is settled once the clock has moved on since its last change", () => {
  using folder = temporaryFolder();
  const path = writtenIn(folder.path);
  const { clock, move } = clockAt(path);
  const look = fileLooks(clock);
  const { state, settled } = look(path);
  assert.deepEqual([state, settled], [fileState(path), false]);
  move(51);
  assert.deepEqual(look(path), { state, settled: true });
  assert.deepEqual(fileLooks(clock)(path), { state, settled: true });
});

Deno.test("a file with a time in the future is settled once it was the same a tick ago", () => {
  using folder = temporaryFolder();
  const path = writtenIn(folder.path);
  const { clock, move } = clockAt(path);
  move(-3_600_000);
  const look = fileLooks(clock);
  assert.equal(look(path).settled, false);
  assert.equal(look(path).settled, false);
  move(51);
  assert.equal(look(path).settled, true);
  Deno.writeTextFileSync(path, "22");
  assert.deepEqual(look(path), { state: fileState(path), settled: false });
});

Deno.test("a file whose time was set is settled later: only the second of that change is known", () => {
  using folder = temporaryFolder();
  const path = writtenIn(folder.path);
  const { clock, move } = clockAt(path);
  Deno.utimeSync(path, 1_000_000, 1_000_000);
  const look = fileLooks(clock);
  move(500);
  assert.equal(look(path).settled, false);
  move(3000);
  assert.equal(look(path).settled, true);
});

Deno.test("a missing file has an empty state, also below a file", () => {
  using folder = temporaryFolder();
  const path = writtenIn(folder.path);
  for (const missing of [`${folder.path}/none`, `${path}/below`]) {
    assert.equal(fileState(missing), "");
    assert.deepEqual(fileLooks()(missing), { state: "", settled: true });
  }
});

import assert from "node:assert/strict";
import { intoFile } from "../../../pipeline/disk/new_file.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("a file is replaced as a whole, and nothing else is left", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/a.csv`;
  Deno.writeTextFileSync(file, "before");
  const result = await intoFile(file, (temporary) => {
    assert.equal(Deno.readTextFileSync(file), "before");
    return Deno.writeTextFile(temporary, "after").then(() => 7);
  });
  assert.equal(result, 7);
  assert.equal(Deno.readTextFileSync(file), "after");
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["a.csv"]);
});

Deno.test("if filling fails, the file stays as it was, and the error is passed on", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/a.csv`;
  Deno.writeTextFileSync(file, "before");
  const failure = new Error("no answer");
  await assert.rejects(intoFile(file, () => Promise.reject(failure)), failure);
  assert.equal(Deno.readTextFileSync(file), "before");
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["a.csv"]);
});

Deno.test("a place where no file can be written is reported before the work begins", async () => {
  using folder = temporaryFolder();
  let filled = false;
  const attempt = (file: string) =>
    intoFile(file, () => {
      filled = true;
      return Promise.resolve();
    }).then(() => "", String);
  assert.equal(
    await attempt(folder.path),
    `error: the file cannot be written: it is a folder\n  --> ${folder.path}\n` +
      "fix: name a file in a folder that exists, that you may write to, and whose disk has room",
  );
  const error = await attempt(`${folder.path}/none/a.csv`);
  assert.match(error, /^error: the file cannot be written: No such file or directory/);
  assert.ok(error.includes(`\n  --> ${folder.path}/none/a.csv\n`));
  assert.ok(!filled);
});

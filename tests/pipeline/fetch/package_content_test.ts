import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { contentDigest, packageState } from "../../../pipeline/fetch/package_content.ts";
import { canonicalDigest } from "../../../pipeline/disk/canonical.ts";
import { fileLooks, fileState, waitForTick } from "../../../pipeline/disk/file_state.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const content = contentDigest({
  "a.txt": { sha256: sha256("one") },
  "inner/b.txt": { sha256: sha256("two") },
});
const pinned = { content };

/** A package that was written a second ago. */
function writtenPackage(folder: string): string {
  Deno.mkdirSync(`${folder}/inner`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/a.txt`, "one");
  Deno.writeTextFileSync(`${folder}/inner/b.txt`, "two");
  return folder;
}

Deno.test("contentDigest() covers paths and contents, in any order", () => {
  const list = [["a.txt", sha256("one")], ["inner/b.txt", sha256("two")]];
  assert.equal(content, canonicalDigest(["package", list]));
  const reversed = { "inner/b.txt": { sha256: sha256("two") }, "a.txt": { sha256: sha256("one") } };
  assert.equal(contentDigest(reversed), content);
});

Deno.test("a package as it was published is intact; hidden files do not count", async () => {
  using folder = temporaryFolder();
  const target = writtenPackage(`${folder.path}/package`);
  Deno.writeTextFileSync(`${target}/.DS_Store`, "x");
  assert.deepEqual(await packageState(pinned, target), { type: "intact" });
});

Deno.test("a changed, missing or additional file is damage, and so is an empty folder", async () => {
  using folder = temporaryFolder();
  const target = writtenPackage(`${folder.path}/package`);
  await packageState(pinned, target);
  Deno.writeTextFileSync(`${target}/inner/b.txt`, "twO");
  const damaged = (reason: string) => ({ type: "damaged" as const, reason });
  assert.deepEqual(
    await packageState(pinned, target),
    damaged("the content of inner/b.txt changed"),
  );
  Deno.removeSync(`${target}/inner/b.txt`);
  assert.deepEqual(await packageState(pinned, target), damaged("inner/b.txt is missing"));
  Deno.writeTextFileSync(`${target}/inner/b.txt`, "two");
  Deno.writeTextFileSync(`${target}/c.js`, "");
  assert.deepEqual(await packageState(pinned, target), damaged("it is not what was published"));
  Deno.mkdirSync(`${folder.path}/empty`);
  assert.deepEqual(await packageState(pinned, `${folder.path}/empty`), damaged("it is empty"));
  assert.deepEqual(await packageState(pinned, `${folder.path}/none`), { type: "absent" });
});

Deno.test("an unchanged file is not read again, once a change would show in its state", async () => {
  using folder = temporaryFolder();
  const target = writtenPackage(`${folder.path}/package`);
  const kept = () => JSON.parse(Deno.readTextFileSync(`${target}.digests.json`));
  await packageState(pinned, target);
  assert.equal(kept()["a.txt"].state, "");
  do await waitForTick(); while (fileLooks()(`${target}/inner/b.txt`).settled === false);
  await packageState(pinned, target);
  const { state } = kept()["a.txt"];
  assert.equal(state, fileState(`${target}/a.txt`));
  const invented = { ...kept(), "a.txt": { state, sha256: sha256("three") } };
  Deno.writeTextFileSync(`${target}.digests.json`, JSON.stringify(invented));
  assert.equal((await packageState(pinned, target)).type, "damaged");
});

Deno.test("damaged digests are computed again", async () => {
  using folder = temporaryFolder();
  const target = writtenPackage(`${folder.path}/package`);
  for (const text of ["{", "null", '{"a.txt": 1}', '{"a.txt": null}', "[]"]) {
    Deno.writeTextFileSync(`${target}.digests.json`, text);
    assert.deepEqual(await packageState(pinned, target), { type: "intact" }, text);
  }
});

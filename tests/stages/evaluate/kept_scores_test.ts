import assert from "node:assert/strict";
import { keptPieces, scoredOnce } from "../../../stages/evaluate/kept_scores.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("scores are computed once for what they depend on, and the oldest are dropped", async () => {
  let made = 0;
  const scores = (decides: unknown, length: number) =>
    scoredOnce(decides, () => Promise.resolve(new Float32Array(length).fill(++made)));
  const first = await scores(["model", "test"], 3);
  assert.equal(await scores(["model", "test"], 3), first);
  assert.notEqual(await scores(["model", "val"], 3), first);
  assert.equal(made, 2);
  await scores("large", 2 ** 24 - 6); // in addition to the six before it
  assert.equal(await scores(["model", "test"], 3), first);
  await scores("one more", 1);
  assert.notEqual(await scores(["model", "test"], 3), first);
  // Scores that exceed the whole limit are not kept.
  const huge = await scores("huge", 2 ** 24 + 1);
  assert.notEqual(await scores("huge", 1), huge);
  await assert.rejects(scoredOnce("fails", () => Promise.reject(new Error("no"))), /no/);
  assert.equal((await scores("fails", 1)).length, 1);
});

Deno.test("scores of a piece are read back, and neither another piece's nor a damaged file's", async () => {
  using folder = temporaryFolder();
  const pieces = keptPieces(folder.path);
  const scores = Float32Array.of(1, -2, 3);
  assert.equal(await pieces.kept!(0, 3), undefined);
  await pieces.keep!(0, scores);
  assert.deepEqual(await pieces.kept!(0, 3), scores);
  assert.equal(await pieces.kept!(0, 4), undefined, "of another size");
  assert.equal(await pieces.kept!(1, 3), undefined);
  const [{ name }] = [...Deno.readDirSync(folder.path)] as [Deno.DirEntry];
  await Deno.truncate(`${folder.path}/${name}`, 40);
  assert.equal(await pieces.kept!(0, 3), undefined);
});

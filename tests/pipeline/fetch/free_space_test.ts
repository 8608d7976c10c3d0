import assert from "node:assert/strict";
import { statfsSync } from "node:fs";
import { freeBytes } from "../../../pipeline/fetch/free_space.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("freeBytes() of a path that does not exist yet is that of its disk", () => {
  using folder = temporaryFolder();
  const free = freeBytes(`${folder.path}/not/there/yet`);
  const { blocks, bsize } = statfsSync(folder.path);
  assert.ok(Number.isSafeInteger(free) && free > 0 && free <= blocks * bsize);
});

import assert from "node:assert/strict";
import { isSpecial, realPath } from "../../../pipeline/disk/real_path.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("realPath() follows links, also above what does not exist yet", () => {
  using folder = temporaryFolder();
  const path = Deno.realPathSync(folder.path);
  Deno.mkdirSync(`${path}/real/inner`, { recursive: true });
  Deno.symlinkSync("real", `${path}/link`);
  assert.equal(realPath(`${path}/link`), `${path}/real`);
  assert.equal(realPath(`${path}/link/inner`), `${path}/real/inner`);
  assert.equal(realPath(`${path}/link/new/results`), `${path}/real/new/results`);
  assert.equal(realPath("/"), "/");
});

Deno.test("realPath() keeps a link to nowhere", () => {
  using folder = temporaryFolder();
  const path = Deno.realPathSync(folder.path);
  Deno.symlinkSync("nowhere", `${path}/link`);
  assert.equal(realPath(`${path}/link/results`), `${path}/link/results`);
});

Deno.test("isSpecial() holds for /dev, /proc and /sys, and what is below them", () => {
  assert.deepEqual(["/dev/shm/results", "/proc", "/sys/x"].filter(isSpecial).length, 3);
  assert.deepEqual(["/developers", "/home/dev", "/"].filter(isSpecial), []);
});

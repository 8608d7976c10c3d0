import assert from "node:assert/strict";
import { silentProgress } from "../../../../pipeline/contract/progress.ts";
import { ensureLibrary } from "../../../../stages/tensorflow/library/open_library.ts";
import { fetchedFolder } from "../../../../stages/tensorflow/library/release.ts";
import { linkingOf } from "../../../../stages/tensorflow/library/shared_object.ts";
import { sharedObject } from "../../../support/made_library.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

Deno.test("what a shared object needs and where it searches are read from its dynamic section", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/lib.so`;
  const linking = {
    needed: ["libc.so.6", "libstdc++.so.6"],
    folders: ["$ORIGIN/", "/opt/a b/lib"],
  };
  Deno.writeFileSync(path, sharedObject(linking));
  assert.deepEqual(linkingOf(path), linking);
});

Deno.test("a file of another format, or one that is cut, is linked to nothing", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/lib.so`;
  const bytes = sharedObject({ needed: ["libc.so.6"], folders: [] });
  for (const cut of [0, 30, 64, 0x1000]) {
    Deno.writeFileSync(path, bytes.subarray(0, cut));
    assert.deepEqual(linkingOf(path).needed, [], `${cut} bytes`);
  }
  Deno.writeTextFileSync(
    path,
    "no library, but longer than the header of one would be. ".repeat(3),
  );
  assert.deepEqual(linkingOf(path), { needed: [], folders: [] });
});

Deno.test({
  name: "the fetched library is linked to its framework and to nothing of NVIDIA's",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await ensureLibrary(silentProgress);
    const { needed, folders } = linkingOf(`${fetchedFolder()}/libtensorflow_cc.so.2`);
    assert.ok(needed.includes("libtensorflow_framework.so.2"), needed.join());
    assert.ok(folders.includes("$ORIGIN/"), folders.join());
    assert.ok(![...needed, ...folders].some((each) => /nvidia|cuda/i.test(each)));
  },
});

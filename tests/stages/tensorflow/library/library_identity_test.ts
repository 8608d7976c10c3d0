import assert from "node:assert/strict";
import {
  libraryFiles,
  libraryIdentity,
} from "../../../../stages/tensorflow/library/library_identity.ts";
import { searchLibrary } from "../../../../stages/tensorflow/library/search_library.ts";
import { fetchedFolder, pinnedVersion } from "../../../../stages/tensorflow/library/release.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";
import { ensureLibrary } from "../../../../stages/tensorflow/library/open_library.ts";
import { silentProgress } from "../../../../pipeline/contract/progress.ts";

const suffix = Deno.build.os === "darwin" ? "2.dylib" : "so.2";

/** A folder of a Python environment that looks like TensorFlow 2.21.0, and what finds it. */
function environmentWith(folder: string, content: string) {
  const packages = `${folder}/lib/python3.12/site-packages`;
  const library = `${packages}/tensorflow/libtensorflow_cc.${suffix}`;
  Deno.mkdirSync(`${packages}/tensorflow`, { recursive: true });
  Deno.mkdirSync(`${packages}/tensorflow-2.21.0.dist-info`, { recursive: true });
  Deno.writeTextFileSync(library, content);
  Deno.writeTextFileSync(`${packages}/tensorflow/libtensorflow_framework.${suffix}`, "framework");
  const variables: Record<string, string> = { VIRTUAL_ENV: folder, HOME: folder };
  const environment = (more: Record<string, string> = {}) => ({
    get: (name: string) => ({ ...variables, ...more })[name],
  });
  const identity = (more: Record<string, string> = {}) =>
    libraryIdentity(searchLibrary(environment(more)).found, environment(more));
  return { library, identity };
}

Deno.test("another build of the same version has another identity, whatever its folder says", async () => {
  using one = temporaryFolder();
  using other = temporaryFolder();
  const first = environmentWith(one.path, "twenty bytes, no lib");
  const second = environmentWith(other.path, "twenty other bytes..");
  const identity = await first.identity();
  assert.match(identity, /^build [0-9a-f]{12}$/);
  assert.notEqual(await second.identity(), identity);
});

Deno.test("the place, the name and the time of a library are not part of its identity", async () => {
  using one = temporaryFolder();
  using other = temporaryFolder();
  const { library, identity } = environmentWith(one.path, "the same");
  const expected = await identity();
  Deno.utimeSync(library, 1, 1);
  assert.equal(await identity(), expected);
  assert.equal(await identity({ TENSORFLOW_LIBRARY: library }), expected);
  assert.equal(await environmentWith(other.path, "the same").identity(), expected);
  // Its digest is kept, and computed again when the file changes.
  Deno.writeTextFileSync(library, "not same");
  assert.notEqual(await identity(), expected);
});

Deno.test("the published build is known by its content, also under another name", async () => {
  await ensureLibrary(silentProgress);
  const library = `${fetchedFolder()}/libtensorflow_cc.${suffix}`;
  assert.equal(
    await libraryIdentity({ path: library, place: "TENSORFLOW_LIBRARY" }),
    pinnedVersion,
  );
  assert.equal(libraryFiles({ path: library }).length, 2);
  assert.equal(await libraryIdentity(undefined), pinnedVersion);
});

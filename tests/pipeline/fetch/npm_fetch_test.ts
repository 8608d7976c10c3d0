import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { PinnedModule } from "../../../pipeline/contract/pinned_package.ts";
import { npmPack, unpackModule } from "../../../pipeline/fetch/npm_fetch.ts";
import { joinBytes } from "../../../stages/data/formats/byte_source.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const large = "x".repeat(70_000);
const tarball = gzipSync(joinBytes([
  entry("package/package.json", `{"name":"toy"}`),
  entry("package/dist", "", "5"),
  entry("package/dist/a.js", large),
  entry("package/dist/link.js", "", "2"),
  entry("package/bin/other/library.so", large),
  entry("package/dist/../../out.js", "out"),
  entry(`dist/${"deep/".repeat(18)}b.js`, "", "0", "package"),
  new Uint8Array(1024),
]));

Deno.test("only the pinned files of a tarball are kept, and nothing is written outside the folder", async () => {
  using folder = temporaryFolder();
  await unpackModule(published(folder.path), { folder: folder.path, target: `${folder.path}/t` });
  const root = `${folder.path}/t/node_modules/toy`;
  assert.equal(Deno.readTextFileSync(`${root}/package.json`), `{"name":"toy"}`);
  assert.equal(Deno.readTextFileSync(`${root}/dist/a.js`), large);
  assert.deepEqual(namesIn(root), ["dist", "package.json"]);
  assert.deepEqual(namesIn(`${root}/dist`), ["a.js", "deep"]);
  assert.deepEqual(namesIn(`${folder.path}/t`), ["node_modules"]);
  assert.deepEqual(namesIn(`${folder.path}/t/node_modules`), ["toy"]);
});

Deno.test("a tarball with another digest is not unpacked", async () => {
  using folder = temporaryFolder();
  const module = { ...published(folder.path), sha256: "0".repeat(64) };
  await assert.rejects(
    unpackModule(module, { folder: folder.path, target: `${folder.path}/t` }),
    /toy 1\.0\.0 has the SHA-256 [0-9a-f]{64} instead of 0{64}/,
  );
  assert.throws(() => Deno.statSync(`${folder.path}/t`), Deno.errors.NotFound);
});

Deno.test("npm fetches a module with its imports and runs no scripts", () => {
  const other = { distribution: "other", version: "2.0.0", sha256: "", files: [] };
  const module = { ...other, distribution: "toy", bytes: 1, content: "", imports: [other] };
  assert.equal(
    npmPack(module, { folder: "/f", cache: "/c" }).join(" "),
    "npm pack --silent --ignore-scripts --pack-destination /f --cache /c toy@2.0.0 other@2.0.0",
  );
});

function published(folder: string): PinnedModule {
  Deno.writeFileSync(`${folder}/toy-1.0.0.tgz`, tarball);
  return {
    distribution: "toy",
    version: "1.0.0",
    sha256: createHash("sha256").update(tarball).digest("hex"),
    bytes: tarball.length,
    content: "",
    files: ["package.json", "dist/"],
    imports: [],
  };
}

/** A file of a tar archive, POSIX ustar. */
function entry(name: string, content: string, type = "0", prefix = ""): Uint8Array {
  const bytes = new TextEncoder().encode(content);
  const header = new Uint8Array(512);
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(124, bytes.length.toString(8).padStart(11, "0"));
  put(156, type);
  put(257, "ustar");
  put(345, prefix);
  return joinBytes([header, bytes, new Uint8Array((512 - bytes.length % 512) % 512)]);
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { canonicalDigest } from "../../../pipeline/disk/canonical.ts";
import { graphDigest, moduleGraph } from "../../../pipeline/key/module_graph.ts";
import { type CodeCache, codeDigests } from "../../../pipeline/key/code_digest.ts";
import { keepCode, readCode } from "../../../pipeline/store/code_record.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const project = new URL("../../../", import.meta.url);
const stages = ["toy_numbers", "toy_train"].map((name) => `tests/support/toy_stages/${name}.ts`);

Deno.test("the code that is kept has the digest under which it is kept, and its text gives that digest again", async () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  const cache: CodeCache = {};
  await codeDigests(stages.map((stage) => new URL(stage, project)), { root: project, cache });
  const root = decodeURIComponent(project.pathname).replace(/\/$/, "");
  for (const stage of stages) keepCode(store, { stage, root, entry: cache[stage]! });
  const esbuild = await import("esbuild");
  try {
    for (const stage of stages) {
      const { digest } = cache[stage]!;
      const record = readCode(store, digest)!;
      assert.equal(record.stage, stage);
      const graph = await moduleGraph(esbuild, stage, {
        read: (path) => record.sources.get(path),
      });
      assert.equal(canonicalDigest(["code", graphDigest(graph), [...record.versions]]), digest);
    }
  } finally {
    await esbuild.stop();
  }
  const records = stages.map((stage) => readCode(store, cache[stage]!.digest)!);
  const texts = new Set(records.flatMap(({ sources }) => [...sources.values()]));
  assert.equal([...Deno.readDirSync(store.stateFile("code/text"))].length, texts.size);
});

Deno.test("code that changed since its digest was computed is not kept, and damaged code is not read", async () => {
  using folder = temporaryFolder();
  const store = openStore(`${folder.path}/results`);
  Deno.writeTextFileSync(`${folder.path}/make.ts`, "export const make = 1;");
  const root = pathToFileURL(`${folder.path}/`);
  const cache: CodeCache = {};
  await codeDigests([new URL("make.ts", root)], { root, cache });
  const entry = cache["make.ts"]!;
  Deno.writeTextFileSync(`${folder.path}/make.ts`, "export const make = 20;");
  keepCode(store, { stage: "make.ts", root: folder.path, entry });
  assert.equal(readCode(store, entry.digest), undefined);
  await codeDigests([new URL("make.ts", root)], { root, cache });
  const fresh = cache["make.ts"]!;
  keepCode(store, { stage: "make.ts", root: folder.path, entry: fresh });
  assert.equal(readCode(store, fresh.digest)!.sources.get("make.ts"), "export const make = 20;");
  const [{ name }] = [...Deno.readDirSync(store.stateFile("code/text"))] as [Deno.DirEntry];
  Deno.truncateSync(store.stateFile(`code/text/${name}`), 10);
  assert.equal(readCode(store, fresh.digest), undefined);
});

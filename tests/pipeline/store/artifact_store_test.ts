import assert from "node:assert/strict";
import { type ArtifactStore, openStore } from "../../../pipeline/store/artifact_store.ts";
import { beginPending, commitPending, sealPending } from "../../../pipeline/store/commit.ts";
import type { Manifest } from "../../../pipeline/store/manifest.ts";
import { keyOf, type Preimage } from "../../../pipeline/key/key.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { errorText } from "../../support/toy_graph.ts";

const preimage: Preimage = {
  engine: 1,
  stage: "make",
  code: "c",
  parameters: {},
  inputs: {},
  compute: null,
};
const key = keyOf(preimage);

async function commit(store: ArtifactStore, content: string): Promise<Manifest> {
  store.prepare();
  const pending = beginPending(store.pendingFolder(key), { resumable: false });
  Deno.mkdirSync(`${pending.artifact}/inner`);
  Deno.writeTextFileSync(`${pending.artifact}/inner/b.txt`, content);
  Deno.writeTextFileSync(`${pending.artifact}/a.txt`, "a");
  Deno.writeTextFileSync(`${pending.log}/output.log`, content);
  const manifest = await sealPending(pending, {
    format: 1,
    key,
    preimage,
    output: "thing",
    inputDigests: {},
    circumstances: {
      experiment: "x",
      label: "made",
      stage: "made",
      point: {},
      why: "not computed yet",
      started: "2026-01-01T00:00:00.000Z",
      seconds: 1,
      host: "h",
      versions: {},
    },
  });
  commitPending(store, manifest);
  return manifest;
}

Deno.test("opening a store writes nothing", () => {
  using folder = temporaryFolder();
  assert.deepEqual(openStore(`${folder.path}/results`).find("make", key), { state: "absent" });
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a commit gives a complete artifact and leaves nothing pending", async () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  const manifest = await commit(store, "b");
  // The time of a file that was just written is not trusted.
  const files = manifest.files.map(({ path }) => path);
  assert.deepEqual(store.find("make", key), { state: "complete", manifest, touched: files });
  assert.deepEqual(manifest.files.map(({ path, size }) => [path, size]), [
    ["a.txt", 1],
    ["inner/b.txt", 1],
  ]);
  assert.equal(
    manifest.files[0]!.sha256,
    "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
  );
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/pending`)], []);
  assert.deepEqual(store.list(), [{ kind: "make", key }]);
});

Deno.test("the digest covers the artifact, but neither log nor circumstances", async () => {
  using one = temporaryFolder();
  using two = temporaryFolder();
  using three = temporaryFolder();
  const [a, b, c] = await Promise.all([
    commit(openStore(one.path), "b"),
    commit(openStore(two.path), "b"),
    commit(openStore(three.path), "c"),
  ]);
  assert.equal(a.digest, b.digest);
  assert.notEqual(a.digest, c.digest);
});

Deno.test("damage to an artifact is detected", async () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  const reason = () => {
    const found = store.find("make", key);
    return found.state === "broken" ? found.reason : found.state;
  };
  const complete = store.completeFolder("make", key);
  await commit(store, "b");
  Deno.writeTextFileSync(`${complete}/artifact/inner/b.txt`, "bb");
  assert.equal(reason(), "its file inner/b.txt has 2 bytes instead of 1");
  Deno.removeSync(`${complete}/artifact/inner/b.txt`);
  assert.equal(reason(), "its file inner/b.txt is missing");

  await commit(store, "b");
  const manifest = Deno.readTextFileSync(`${complete}/manifest.json`);
  Deno.writeTextFileSync(`${complete}/manifest.json`, manifest.slice(0, manifest.length / 2));
  assert.equal(reason(), "its manifest is truncated or damaged");
  Deno.writeTextFileSync(`${complete}/manifest.json`, manifest.replace('"size": 1', '"size": 2'));
  assert.equal(reason(), "its list of files is damaged");
  Deno.writeTextFileSync(
    `${complete}/manifest.json`,
    manifest.replace('"code": "c"', '"code": "d"'),
  );
  assert.equal(reason(), "its manifest belongs to another key");
  Deno.writeTextFileSync(`${complete}/manifest.json`, "{}");
  assert.equal(reason(), "its manifest lacks `format`");
  Deno.writeTextFileSync(`${complete}/manifest.json`, "null");
  assert.equal(reason(), "its manifest holds something else");
  const { inputDigests: _, ...without } = JSON.parse(manifest);
  Deno.writeTextFileSync(`${complete}/manifest.json`, JSON.stringify(without));
  assert.equal(reason(), "its manifest lacks `inputDigests`");
  Deno.removeSync(`${complete}/manifest.json`);
  Deno.mkdirSync(`${complete}/manifest.json`);
  assert.equal(reason(), "its manifest is a folder");
  Deno.removeSync(`${complete}/manifest.json`);
  assert.equal(reason(), "its manifest is missing");

  const aside = store.setAside("make", key);
  assert.equal(reason(), "absent");
  assert.ok(Deno.statSync(`${folder.path}/${aside}/artifact/a.txt`).isFile);
});

Deno.test("a pending folder starts empty, unless the stage is resumable and has a checkpoint", () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  store.prepare();
  const fill = (resume: boolean) => {
    const { artifact, resume: checkpoints } = beginPending(store.pendingFolder(key), {
      resumable: false,
    });
    Deno.mkdirSync(`${artifact}/rows`);
    Deno.writeTextFileSync(`${artifact}/rows/metric.jsonl`, "{}\n");
    Deno.writeTextFileSync(`${artifact}/half.txt`, "ha");
    if (resume) Deno.writeTextFileSync(`${checkpoints}/state`, "5");
  };
  const left = (resumable: boolean) => {
    const { artifact, resume } = beginPending(store.pendingFolder(key), { resumable });
    return [artifact, resume].map((one) => Array.from(Deno.readDirSync(one), ({ name }) => name));
  };
  fill(true);
  assert.deepEqual(left(true), [["rows"], ["state"]]);
  fill(false);
  assert.deepEqual(left(true), [[], []]);
  fill(true);
  assert.deepEqual(left(false), [[], []]);
  fill(true); // its rows are damaged, so the checkpoint would continue without them
  Deno.writeTextFileSync(`${store.pendingFolder(key)}/artifact/rows/metric.jsonl`, "\0{}\n");
  assert.deepEqual(left(true), [[], []]);
});

Deno.test("a folder or a manifest from a newer version is rejected and not changed", async () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  await commit(store, "b");
  const file = `${store.completeFolder("make", key)}/manifest.json`;
  const newer = Deno.readTextFileSync(file).replace('"format": 1', '"format": 2');
  Deno.writeTextFileSync(file, newer);
  assert.equal(
    errorText(() => store.find("make", key)),
    "error: a newer version of this program wrote the results folder (manifest format 2, " +
      `this version reads up to 1)\n  --> ${file}\n` +
      "fix: update the project, or use another folder with --results",
  );
  assert.equal(Deno.readTextFileSync(file), newer);
  Deno.writeTextFileSync(store.stateFile("format.json"), '{"format":7}');
  assert.equal(
    errorText(() => openStore(folder.path)),
    "error: a newer version of this program wrote the results folder (format 7, " +
      `this version reads up to 2)\n  --> ${store.stateFile("format.json")}\n` +
      "fix: update the project, or use another folder with --results",
  );
});

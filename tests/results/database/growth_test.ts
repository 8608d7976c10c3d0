/** How much is read does not grow with what is stored: only what is new or has changed. */
import assert from "node:assert/strict";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { queryDatabase } from "../../../results/queries/sql.ts";
import { runMaker, write } from "../../support/made_runs.ts";
import { storedRequests, storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** The JSON files of a folder that are read while something is done, relative to it. */
async function readsOf(root: string, work: () => Promise<unknown>): Promise<string[]> {
  const paths: string[] = [];
  const [readText, open] = [Deno.readTextFileSync, Deno.openSync];
  const note = (path: string | URL) => {
    const text = String(path);
    if (text.startsWith(`${root}/`)) paths.push(text.slice(root.length + 1));
  };
  Deno.readTextFileSync = (path) => (note(path), readText(path));
  Deno.openSync = (path, options) => (note(path), open(path, options));
  try {
    await work();
  } finally {
    Deno.readTextFileSync = readText;
    Deno.openSync = open;
  }
  return paths.filter((path) => !path.startsWith("results.duckdb")).sort();
}

Deno.test("a query reads only what is new since the last one", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  storeResults(root);
  const ask = () =>
    queryDatabase(root, "SELECT count(*) AS n FROM stage_run", {
      format: "csv",
      width: 80,
      warn: (line) => assert.fail(line),
    });
  assert.ok((await readsOf(root, ask)).length > 150, "the first reads everything");
  assert.deepEqual(await readsOf(root, ask), []);

  const { key } = runMaker(root, { experiment: "more" })({
    stage: "more",
    kind: "evaluate",
    output: "recall",
    parameters: { seed: 99 },
    rows: { metric: [{ name: "i2t_r1", value: 0.5 }] },
  });
  const made = `artifacts/evaluate/${key}`;
  assert.deepEqual(await readsOf(root, ask), [
    `${made}/artifact/rows/metric.jsonl`, // compared with the manifest
    `${made}/artifact/rows/metric.jsonl`,
    `${made}/manifest.json`,
  ]);
  assert.deepEqual(await readsOf(root, ask), []);

  const [request] = storedRequests(root);
  const path = `state/requested/${request!.id}.json`;
  write(`${root}/${path}`, JSON.stringify({ ...request, requested: "2026-02-01T00:00:00.000Z" }));
  assert.deepEqual(await readsOf(root, ask), [path]);
  assert.deepEqual(await readsOf(root, ask), []);
});

Deno.test("finding a result reads its own manifest, whatever else is stored", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  storeResults(root);
  const store = openStore(root);
  const { kind, key } = store.list()[40]!;
  const reads = await readsOf(root, () => Promise.resolve(store.find(kind, key)));
  assert.deepEqual(reads, [`artifacts/${kind}/${key}/manifest.json`]);
});

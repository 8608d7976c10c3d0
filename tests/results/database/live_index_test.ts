import assert from "node:assert/strict";
import { keyOf, type Preimage } from "../../../pipeline/key/key.ts";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { commitPending, pendingIn, sealPending } from "../../../pipeline/store/commit.ts";
import { withDatabase } from "../../../results/database/database.ts";
import { openLiveIndex } from "../../../results/database/live_index.ts";
import { rowsOf } from "../../../results/database/read_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const preimage: Preimage = {
  engine: 1,
  stage: "toy_train",
  code: "c",
  parameters: { seed: 1 },
  inputs: {},
  compute: null,
};
const key = keyOf(preimage);
const node = { key, label: "tuned[seed=1]", stage: "tuned", definition: { name: "toy_train" } };
const time = "2026-01-01T00:00:00.000Z";
const noReport = { report: () => assert.fail("no report is requested here") };

function prepared() {
  const folder = temporaryFolder();
  const root = folder.path;
  const rows = `${root}/pending/${key}/artifact/rows`;
  Deno.mkdirSync(`${root}/artifacts/toy_train`, { recursive: true });
  Deno.mkdirSync(rows, { recursive: true });
  const say = (table: string, text: string) =>
    Deno.writeTextFileSync(`${rows}/${table}.jsonl`, text, { append: true });
  /** The stage becomes complete. */
  const complete = async () => {
    const store = openStore(root);
    const manifest = await sealPending(pendingIn(store.pendingFolder(key)), {
      format: 1,
      key,
      preimage,
      output: "model",
      inputDigests: {},
      circumstances: {
        experiment: "live",
        label: node.label,
        stage: "tuned",
        point: {},
        why: "",
        started: time,
        seconds: 1,
        host: "h",
        versions: {},
      },
    });
    Deno.mkdirSync(`${root}/pending/${key}/resume`, { recursive: true });
    commitPending(store, manifest);
  };
  return Object.assign(folder, { root, say, complete });
}

const held = (root: string) =>
  withDatabase(root, async (connection) => {
    const [row] = await rowsOf<Record<string, string | bigint>>(
      connection,
      `SELECT (SELECT string_agg(status, ' ') FROM stage_run) AS runs,
         (SELECT count(*) FROM training_step) AS steps, (SELECT count(*) FROM metric) AS metrics,
         (SELECT count(*) FROM parameter) AS parameters`,
    );
    return Object.values(row!).map(String).join(" ");
  }, { readOnly: true });

Deno.test("rows added while a stage ran are in the database once when it is complete", async () => {
  using folder = prepared();
  const { root, say, complete } = folder;
  const index = openLiveIndex(root, noReport);
  await index.started(node, "not computed yet", time);
  say("training_step", '{"step":1}\n{"step":2}\n');
  await index.live([node]);
  assert.equal(await held(root), "running 2 0 0");
  say("training_step", '{"step":3}\n');
  say("metric", '{"name":"loss","value":1}\n');
  await complete();
  await index.ended(node, "complete");
  assert.equal(await held(root), "complete 3 1 1");
});

Deno.test("rows that a killed process left of a run are replaced when it starts again", async () => {
  using folder = prepared();
  const { root, say, complete } = folder;
  say("training_step", '{"step":1}\n{"step":2}\n');
  const killed = openLiveIndex(root, noReport);
  await killed.started(node, "not computed yet", time);
  await killed.live([node]);

  const index = openLiveIndex(root, noReport);
  await Promise.all([index.started(node, "not computed yet", time), index.live([node])]);
  assert.equal(await held(root), "running 2 0 0");
  await complete();
  await index.ended(node, "complete");
  assert.equal(await held(root), "complete 2 0 1");
});

Deno.test("a run that starts and ends within one batch is one row with its last status", async () => {
  using folder = prepared();
  const { root, say } = folder;
  const index = openLiveIndex(root, noReport);
  say("training_step", '{"step":1}\n');
  await Promise.all([
    index.started(node, "not computed yet", time),
    index.live([node]),
    index.ended(node, "failed"),
    index.started(node, "failed before", time),
    index.ended(node, "stopped"),
  ]);
  assert.equal(await held(root), "stopped 0 0 0");
});

Deno.test("while the database is locked the index keeps its notes and writes them later", async () => {
  using folder = prepared();
  const { root, complete } = folder;
  const index = openLiveIndex(root, noReport);
  const holder = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `
      import { withDatabase } from ${
        JSON.stringify(new URL("../../../results/database/database.ts", import.meta.url).href)
      };
      await withDatabase(${JSON.stringify(root)}, async () => {
        console.log("held");
        await new Promise((resolve) => Deno.stdin.read(new Uint8Array(1)).then(resolve));
      });`,
    ],
    cwd: new URL("../../../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = holder.stdout.getReader();
  await reader.read();
  await index.started(node, "not computed yet", time);
  await holder.stdin.close();
  await reader.cancel();
  await holder.status;
  await complete();
  await index.ended(node, "complete");
  assert.equal(await held(root), "complete 0 0 1");
});

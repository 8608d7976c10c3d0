/** Which request a name or a file means, whatever was tried or failed since. */
import assert from "node:assert/strict";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { keepRequest, requestRecord } from "../../../pipeline/store/request_record.ts";
import { withDatabase } from "../../../results/database/database.ts";
import { findRequest, type PresentRequest } from "../../../results/queries/find_request.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** A training and what evaluates it. */
function nodesOf(steps: number) {
  const node = (stage: string, parameters: Record<string, number>, inputs = {}) => ({
    label: stage,
    stage,
    point: {},
    key: `${stage}-${steps}`,
    preimage: { engine: 1, stage: `toy_${stage}`, code: "c", parameters, inputs, compute: null },
  });
  return [node("tuned", { steps }), node("recall", {}, { model: `tuned-${steps}` })];
}

/** A results folder with requests, the last one last; each has so many steps, and is stored or not. */
function requested(all: readonly { steps: number; stored: boolean; set?: string[] }[]) {
  const folder = temporaryFolder();
  const store = openStore(folder.path);
  store.prepare();
  for (const [minute, { steps, stored, set = [] }] of all.entries()) {
    const nodes = nodesOf(steps);
    for (const { key, preimage } of stored ? nodes : nodes.slice(0, 1)) {
      const complete = store.completeFolder(preimage.stage, key);
      Deno.mkdirSync(complete, { recursive: true });
      Deno.writeTextFileSync(`${complete}/manifest.json`, "{}");
    }
    const record = requestRecord(nodes, {
      experiment: "toy",
      file: "toy.yaml",
      baseline: {},
      requested: `2026-01-02T03:0${minute}:00Z`,
      source: { text: "", set },
    });
    keepRequest(store, record);
  }
  const notes: string[] = [];
  const warn = (line: string) => notes.push(line);
  const found = (word: string, present?: PresentRequest) =>
    findRequest(folder.path, word, { present, warn })?.nodes[0]?.preimage.parameters["steps"];
  return { found, notes, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const presentOf = (steps: number, set: string[] = []): PresentRequest => ({
  file: "toy.yaml",
  set,
  nodes: [
    { label: "tuned", kind: "toy_tuned", parameters: { steps }, inputs: {}, outside: false },
    {
      label: "recall",
      kind: "toy_recall",
      parameters: {},
      inputs: { model: "tuned" },
      outside: false,
    },
  ],
});

Deno.test("a failed or incomplete request does not displace a complete one, and that is said", () => {
  using place = requested([
    { steps: 10, stored: true },
    { steps: 20, stored: true },
    { steps: 30, stored: false },
  ]);
  assert.equal(place.found("toy"), 20);
  assert.deepEqual(place.notes, [
    "note: the last request of `toy` lacks 1 run; this is the complete one of " +
    "2026-01-02 03:01 UTC. For the last one, give its file",
  ]);
  assert.deepEqual([place.found("toy~1"), place.found("toy~2")], [10, 30]);
  assert.throws(() => place.found("toy~3"), /requested with 3 choices of parameters/);
});

Deno.test("without a complete request the last one is meant", () => {
  using place = requested([{ steps: 10, stored: false }, { steps: 20, stored: false }]);
  assert.deepEqual([place.found("toy"), place.notes], [20, []]);
});

Deno.test("a file means its present parameters, complete or not, whatever was tried since", () => {
  using place = requested([
    { steps: 10, stored: true },
    { steps: 30, stored: false },
    { steps: 20, stored: true, set: ["tuned.steps=20"] },
  ]);
  assert.equal(place.found("toy"), 20);
  assert.deepEqual([10, 20, 30].map((steps) => place.found("toy", presentOf(steps))), [10, 20, 30]);
  assert.deepEqual(place.notes, []);
});

Deno.test("a file that was never run as it is now is an error with the way out", () => {
  using place = requested([{ steps: 10, stored: true }]);
  assert.throws(() => place.found("toy", presentOf(11, ["tuned.steps=11"])), (error) => {
    assert.equal(
      String(error),
      "error: this experiment was never run with its present parameters and " +
        "--set 'tuned.steps=11'\n  --> toy.yaml\n" +
        "fix: run it first, or give its name, `toy`, for what was run before",
    );
    return true;
  });
  const present = presentOf(10);
  const [tuned, recall] = present.nodes;
  const more = { ...recall!, label: "more" };
  const without = { ...recall!, inputs: { model: "more" } };
  for (const nodes of [[tuned!, recall!, more], [tuned!], [tuned!, without]]) {
    assert.throws(() => place.found("toy", { ...present, nodes }), /never run with its present/);
  }
  // Its files are not there, so it cannot have been requested.
  const outside = { ...more, outside: true };
  assert.equal(place.found("toy", { ...present, nodes: [tuned!, recall!, outside] }), 10);
  assert.equal(place.found("other", present), undefined);
});

Deno.test("the view latest prefers the last complete request of each experiment", async () => {
  using folder = temporaryFolder();
  const rows = await withDatabase(folder.path, async (connection) => {
    await connection.run(`
      INSERT INTO experiment VALUES
        ('e1', 'x', 'x.yaml', NULL, '2026-01-01'), ('e2', 'x', 'x.yaml', NULL, '2026-01-02'),
        ('e3', 'x', 'x.yaml', NULL, '2026-01-03'), ('f1', 'y', 'y.yaml', NULL, '2026-01-01'),
        ('f2', 'y', 'y.yaml', NULL, '2026-01-02');
      INSERT INTO experiment_run VALUES ('e1', 'a', 's', 's', 0), ('e2', 'a', 's', 's', 0),
        ('e3', 'a', 's', 's', 0), ('e3', 'b', 't', 't', 1),
        ('f1', 'b', 's', 's', 0), ('f2', 'c', 's', 's', 0);
      INSERT INTO stage_run (run, stage, kind, label, status) VALUES
        ('a', 's', 'k', 's', 'complete'), ('b', 't', 'k', 't', 'failed')`);
    const reader = await connection.runAndReadAll("SELECT experiment_id, run FROM latest");
    return reader.getRows();
  });
  assert.deepEqual(rows, [["e2", "a"], ["f2", "c"]]);
});

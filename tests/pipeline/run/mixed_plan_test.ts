import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import type { KeyedNode } from "../../../pipeline/key/key.ts";
import { planRun } from "../../../pipeline/plan/plan.ts";
import type { Machine } from "../../../pipeline/run/machine.ts";
import { mixedPlanWarnings } from "../../../pipeline/run/mixed_plan.ts";
import { hasCheckpoint, pendingIn } from "../../../pipeline/store/commit.ts";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { completeNodes, toyNodes } from "../../support/toy_plan.ts";
import { runToy, startToy, toyExperiment } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const sweep = (seeds: string) => [
  ...["--set", "tuned.alignment=none", "--set", `tuned.seed=${seeds}`],
];

/** Changes what a file says about the processor. */
function setProcessor(file: string, processor: string): void {
  const text = Deno.readTextFileSync(file);
  const changed = text.replace(/("processor": ?)"[^"]*"/, `$1"${processor}"`);
  assert.notEqual(changed, text);
  Deno.writeTextFileSync(file, changed);
}

const machine: Machine = {
  host: "here",
  deno: "2.9.6",
  cores: 2,
  memory: 2 ** 30,
  visibleGpus: [],
  gpuText: () => undefined,
  processor: "Abacus 2",
  system: "linux x86_64 6.1",
};

/** The warnings about a sweep over seeds of which those in `stored` were computed on a processor. */
function warningsOf(seeds: string, stored: readonly number[], processor: string): string[] {
  using folder = temporaryFolder();
  const nodes = toyNodes(
    "name: toy\nseed: 1\nstages:\n  numbers: { use: toy_numbers, count: 3 }\n" +
      `  tuned: { use: toy_train, numbers: numbers, matrix: { seed: ${seeds} } }\n`,
  );
  const isStored = ({ point }: KeyedNode) =>
    point["seed"] === undefined || stored.includes(Number(point["seed"]));
  const found = completeNodes(nodes.filter(isStored));
  for (const one of found.values()) {
    if (one.state !== "complete") continue;
    Object.assign(one.manifest.circumstances.versions, { deno: "2.9.6", processor });
  }
  const plan = planRun(nodes, {
    find: ({ key }) => found.get(key) ?? { state: "absent" },
    previous: () => undefined,
  });
  return mixedPlanWarnings(plan, { store: openStore(folder.path), machine });
}

Deno.test("a plan says that stored results of another processor come together with new ones", () => {
  assert.deepEqual(warningsOf("[1, 2, 3]", [1], "Abacus 1"), [
    "results of 2 types of processor, whose rounding differs, come together; this alone may cause " +
    "differences: Abacus 1 (2 stored); Abacus 2 (2 to run)",
  ]);
});

Deno.test("a plan with results of one processor warns of nothing, wherever it is asked for", () => {
  assert.deepEqual(warningsOf("[1, 2]", [1, 2], "Abacus 1"), []);
  assert.deepEqual(warningsOf("[1, 2]", [1], "Abacus 2"), []);
});

Deno.test("a result says which machine computed up to its checkpoint, and so does the run that goes on", async () => {
  using folder = temporaryFolder();
  const args = [
    ...["run", toyExperiment, ...sweep("1"), "--only", "tuned", "--set", "tuned.steps=80"],
    ...["--set", "tuned.pause=15", "--set", "tuned.checkpoint=1", "--results", folder.path],
  ];
  const pendingFolder = () => {
    const names = readdirSync(`${folder.path}/pending`);
    return `${folder.path}/pending/${names.find((name) => !name.endsWith(".lock"))}`;
  };
  {
    await using running = startToy(args);
    await running.until("tuned: started");
    while (!hasCheckpoint(pendingIn(pendingFolder()))) await new Promise((go) => setTimeout(go, 5));
    running.child.kill("SIGINT");
    await running.child.status;
  }
  const key = pendingFolder().split("/").at(-1);
  setProcessor(`${pendingFolder()}/log/machines.json`, "Abacus 1");
  const { out, err, code } = await runToy(args);
  assert.equal(code, 0, err);
  assert.match(
    out,
    /^warning: tuned goes on from a checkpoint that another machine computed \(earlier processor Abacus 1\)$/m,
  );
  const manifest = JSON.parse(
    Deno.readTextFileSync(`${folder.path}/artifacts/toy_train/${key}/manifest.json`),
  );
  assert.equal(manifest.circumstances.versions["earlier processor"], "Abacus 1");
});

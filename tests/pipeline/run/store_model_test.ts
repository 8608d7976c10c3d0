/**
 * Compares planner and store with a model without keys and files: after any sequence of edits,
 * deletions and damage, exactly the necessary stages run, and their results equal those of a new run.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type ArtifactStore, openStore } from "../../../pipeline/store/artifact_store.ts";
import { exists } from "../../../pipeline/disk/read_if_there.ts";
import {
  beginPending,
  commitPending,
  digestFolder,
  sealPending,
} from "../../../pipeline/store/commit.ts";
import type { KeyedNode } from "../../../pipeline/key/key.ts";
import { digestOfFiles } from "../../../pipeline/store/manifest.ts";
import { neededFor } from "../../../pipeline/experiment/selection.ts";
import { planRun } from "../../../pipeline/plan/plan.ts";
import { checkStored } from "../../../pipeline/plan/stored_check.ts";
import { silentProgress } from "../../../pipeline/contract/progress.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { toyNodes } from "../../support/toy_plan.ts";

const stages = ["numbers", "tuned", "recall"] as const;
type Stage = typeof stages[number];
const definitions = { numbers: "toy_numbers", tuned: "toy_train", recall: "toy_evaluate" } as const;

/** The project as its user edits it. */
interface Project {
  count: number;
  steps: number;
  split: "val" | "test";
  seeds: number[];
  readonly code: Record<Stage, number>;
}

interface Model {
  readonly project: Project;
  /** Recipes of intact stored results. */
  readonly whole: Set<string>;
  /** Recipes of damaged stored results. */
  readonly damaged: Set<string>;
}

interface Real {
  readonly store: ArtifactStore;
}

function experiment({ count, steps, split, seeds }: Project): string {
  return `
name: toy
seed: 1
stages:
  numbers: { use: toy_numbers, count: ${count} }
  tuned: { use: toy_train, numbers: numbers, steps: ${steps}, matrix: { seed: [${seeds}] } }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers, split: ${split} }
`;
}

function nodesOf({ project }: Model): KeyedNode[] {
  const code = new Map(stages.map((stage) => [definitions[stage], `code ${project.code[stage]}`]));
  return toyNodes(experiment(project), code);
}

/** Everything that a point's result depends on, in words. */
function recipe({ count, steps, split, code }: Project, label: string): string {
  const seed = /seed=(\d+)/.exec(label)?.[1];
  const numbers = `numbers ${count} by ${code.numbers}`;
  const tuned = `tuned ${steps} ${seed} by ${code.tuned} of ${numbers}`;
  if (label.startsWith("numbers")) return numbers;
  if (label.startsWith("tuned")) return tuned;
  return `recall ${split} by ${code.recall} of ${tuned}`;
}

/** Writes an artifact as a worker would; its content depends only on its key. */
async function make(store: ArtifactStore, node: KeyedNode, inputs: Record<string, string>) {
  const pending = beginPending(store.pendingFolder(node.key), { resumable: false });
  Deno.writeTextFileSync(`${pending.artifact}/a.txt`, `content of ${node.key}`);
  Deno.writeTextFileSync(`${pending.artifact}/b.txt`, "more");
  const found = store.find(node.definition.name, node.key);
  if (found.state === "broken") store.setAside(node.definition.name, node.key);
  const manifest = await sealPending(pending, {
    format: 1,
    key: node.key,
    preimage: node.preimage,
    output: node.definition.output,
    inputDigests: inputs,
    circumstances: {
      experiment: "toy",
      label: node.label,
      stage: node.stage,
      point: node.point,
      why: "",
      started: "2026-01-01T00:00:00.000Z",
      seconds: 0,
      host: "h",
      versions: {},
    },
  });
  commitPending(store, manifest);
}

class Run implements fc.AsyncCommand<Model, Real> {
  constructor(readonly only: Stage | undefined, readonly force: Stage | undefined) {}
  check = () => true;
  async run(model: Model, { store }: Real): Promise<void> {
    const nodes = nodesOf(model);
    const find = await checkStored(nodes, store, {
      everything: false,
      writes: true,
      progress: () => silentProgress,
    });
    const only = this.only === undefined ? [] : [this.only];
    const force = this.force === undefined ? [] : [this.force];
    const plan = planRun(nodes, { find, previous: () => undefined }, { only, force });
    const requested = neededFor(nodes, only);
    const expected = requested.filter(({ label, stage }) =>
      !model.whole.has(recipe(model.project, label)) || stage === this.force
    );
    assert.deepEqual(
      plan.filter(({ action }) => action === "run").map(({ node }) => node.label),
      expected.map(({ label }) => label),
    );
    const byLabel = new Map(nodes.map((node) => [node.label, node]));
    for (const { node } of plan.filter(({ action }) => action === "run")) {
      const inputs = Object.entries(node.inputs).map(([port, label]) => {
        const input = byLabel.get(label)!;
        const found = store.find(input.definition.name, input.key);
        assert.equal(found.state, "complete", "inputs are there before what reads them");
        return [port, found.state === "complete" ? found.manifest.digest : ""] as const;
      });
      await make(store, node, Object.fromEntries(inputs));
      const what = recipe(model.project, node.label);
      model.whole.add(what);
      model.damaged.delete(what);
    }
    for (const node of requested) {
      const files = await digestFolder(
        `${store.completeFolder(node.definition.name, node.key)}/artifact`,
      );
      const found = store.find(node.definition.name, node.key);
      assert.ok(found.state === "complete" && found.manifest.digest === digestOfFiles(files));
      assert.equal(
        Deno.readTextFileSync(
          `${store.completeFolder(node.definition.name, node.key)}/artifact/a.txt`,
        ),
        `content of ${node.key}`,
      );
    }
  }
  toString = () => `run(${this.only ?? "all"}${this.force ? `, force ${this.force}` : ""})`;
}

class Edit implements fc.AsyncCommand<Model, Real> {
  constructor(readonly name: string, readonly change: (project: Project) => void) {}
  check = () => true;
  run(model: Model): Promise<void> {
    this.change(model.project);
    return Promise.resolve();
  }
  toString = () => this.name;
}

type Damage = "delete" | "change" | "cut" | "drop manifest" | "drop stamps" | "drop a file";

class Harm implements fc.AsyncCommand<Model, Real> {
  constructor(readonly damage: Damage, readonly which: number) {}
  check = (model: Readonly<Model>) => model.whole.size > 0;
  run(model: Model, { store }: Real): Promise<void> {
    const there = nodesOf(model).filter(({ label }) =>
      model.whole.has(recipe(model.project, label))
    );
    const node = there[this.which % Math.max(1, there.length)];
    if (node === undefined) return Promise.resolve();
    const folder = store.completeFolder(node.definition.name, node.key);
    const file = `${folder}/artifact/a.txt`;
    const what = recipe(model.project, node.label);
    switch (this.damage) {
      case "delete":
        Deno.removeSync(folder, { recursive: true });
        break;
      case "change":
        Deno.writeTextFileSync(file, Deno.readTextFileSync(file).replace("content", "CONTENT"));
        break;
      case "cut":
        Deno.truncateSync(file, 3);
        break;
      case "drop manifest":
        Deno.removeSync(`${folder}/manifest.json`);
        break;
      case "drop stamps": { // as in a copied folder: read once and intact
        const stamps = `${folder}/stamps.json`;
        if (exists(stamps)) Deno.removeSync(stamps); // they may have been dropped before
        return Promise.resolve();
      }
      case "drop a file":
        Deno.removeSync(file);
        break;
      default:
        this.damage satisfies never;
    }
    model.whole.delete(what);
    if (this.damage !== "delete") model.damaged.add(what);
    return Promise.resolve();
  }
  toString = () => `${this.damage} ${this.which}`;
}

const stage = fc.constantFrom(...stages);
const one = fc.integer({ min: 1, max: 2 });
const edit = (name: string, change: (project: Project) => void) => new Edit(name, change);
const run = fc.tuple(
  fc.option(stage, { nil: undefined }),
  fc.option(stage, { nil: undefined, freq: 4 }),
)
  // Forced stages must be among the requested ones.
  .map(([only, force]) => new Run(only, only === undefined ? force : undefined));
const harm = fc.tuple(
  fc.constantFrom<Damage>("delete", "change", "cut", "drop manifest", "drop stamps", "drop a file"),
  fc.nat(20),
).map(([damage, which]) => new Harm(damage, which));
/** Few values, so that earlier results are often requested again. */
const edits = [
  one.map((count) => edit(`count ${count}`, (p) => p.count = count)),
  one.map((steps) => edit(`steps ${steps}`, (p) => p.steps = steps)),
  fc.constantFrom("val", "test").map((split) => edit(split, (p) => p.split = split)),
  fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 2 })
    .map((seeds) => edit(`seeds ${seeds}`, (p) => p.seeds = seeds)),
  fc.tuple(stage, one)
    .map(([stage, version]) => edit(`code of ${stage} ${version}`, (p) => p.code[stage] = version)),
];
const commands = fc.commands([run, run, run, harm, harm, ...edits], {
  maxCommands: 30,
  size: "max",
});

Deno.test("after any edits, deletions and damage, exactly the necessary stages run", async () => {
  using folder = temporaryFolder();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const store = openStore(`${folder.path}/${number++}`);
      store.prepare();
      const model: Model = {
        project: { count: 1, steps: 1, split: "test", seeds: [1, 2], code: code() },
        whole: new Set(),
        damaged: new Set(),
      };
      await fc.asyncModelRun(() => ({ model, real: { store } }), steps);
      Deno.removeSync(store.root, { recursive: true });
    }),
    { numRuns: 60 },
  );
});

function code(): Record<Stage, number> {
  return { numbers: 1, tuned: 1, recall: 1 };
}

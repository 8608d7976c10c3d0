import assert from "node:assert/strict";
import { grantOf, sharedGrant, workerJob } from "../../../pipeline/run/worker_job.ts";
import { keyNodes } from "../../../pipeline/key/key.ts";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import type { Machine } from "../../../pipeline/run/machine.ts";
import { permissionFlags } from "../../../pipeline/workers/grant.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { toyGraph } from "../../support/toy_graph.ts";
import { toyNodes } from "../../support/toy_plan.ts";

/** Linux limits each argument of a program, with its end, to 32 pages of 4 KiB. */
const longestArgument = 131_071;

/** A node that reads these files, and where its results go. */
function reader(folder: string, file: string, watched: readonly string[]) {
  const graph = toyGraph(
    `name: e\nseed: 1\nstages: { a: { use: toy_read, file: ${JSON.stringify(file)} } }`,
  );
  const [node] = keyNodes(graph, { code: new Map([["toy_read", "r"]]), compute: {} });
  const states = watched.map((path) => ({ path, state: "" }));
  const setting = { store: openStore(`${folder}/results`), cache: "/cache", byLabel: new Map() };
  return { node: { ...node!, watched: states }, setting };
}

Deno.test("a folder of thousands of linked photos is granted by the folders that they are in", async () => {
  using folder = temporaryFolder();
  const { photos, links } = { photos: `${folder.path}/photos`, links: `${folder.path}/links` };
  Deno.mkdirSync(photos);
  Deno.mkdirSync(links);
  const names = Array.from({ length: 2500 }, (_, number) => `photo_${number}.jpg`);
  for (const name of names) {
    Deno.writeTextFileSync(`${photos}/${name}`, "x");
    Deno.symlinkSync(`${photos}/${name}`, `${links}/${name}`);
  }
  const watched = names.map((name) => `${links}/${name}`);
  const { node, setting } = reader(folder.path, links, watched);
  const flags = permissionFlags(grantOf(node, setting));
  assert.ok(flags.every((flag) => flag.length < longestArgument));
  const program = `${folder.path}/read.ts`;
  Deno.writeTextFileSync(
    program,
    `console.log(Deno.args.map((path) => Deno.readTextFileSync(path)).join(""));\n` +
      `try { Deno.readTextFileSync(${
        JSON.stringify(program)
      }); } catch (e) { console.log(e.name); }`,
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", ...flags, program, watched[0]!, watched.at(-1)!],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "xx\nNotCapable\n");
});

Deno.test("a few linked files are granted one by one", () => {
  using folder = temporaryFolder();
  const path = Deno.realPathSync(folder.path);
  Deno.mkdirSync(`${path}/links`);
  Deno.writeTextFileSync(`${path}/a.txt`, "");
  Deno.symlinkSync(`${path}/a.txt`, `${path}/links/a.txt`);
  const { node, setting } = reader(path, `${path}/links`, [`${path}/links/a.txt`]);
  const { read } = grantOf(node, setting);
  assert.ok(read.includes(`${path}/a.txt`));
  assert.ok(!read.includes(path));
});

Deno.test("linked files in thousands of folders are granted by a folder further up", () => {
  const watched = Array.from({ length: 2500 }, (_, shard) => `/nowhere/data/${shard}/photo.jpg`);
  const { node, setting } = reader("/nowhere", "/nowhere/links", watched);
  const { read } = grantOf(node, setting);
  assert.deepEqual(read.filter((path) => path.startsWith("/nowhere/data")), ["/nowhere/data"]);
});

Deno.test("a shared process gets as many permissions as a command line holds", () => {
  const seeds = Array.from({ length: 100 }, (_, seed) => seed + 1);
  const nodes = toyNodes(
    "name: e\nseed: 1\nstages:\n  numbers: { use: toy_numbers }\n" +
      `  tuned: { use: toy_train, numbers: numbers, matrix: { seed: [${seeds}] } }\n` +
      "  recall: { use: toy_evaluate, model: tuned, numbers: numbers, split: test }\n",
  );
  const byLabel = new Map(nodes.map((node) => [node.label, node]));
  const [first, ...later] = nodes.filter(({ stage }) => stage === "recall")
    .map((node) => ({ ...node, definition: { ...node.definition, sharesProcess: true } }));
  const shared = (root: string) =>
    sharedGrant(first!, later, { store: openStore(root), cache: "/cache", byLabel })!;
  assert.equal(shared("/r").write.length, 200);
  const far = shared(`/${"a".repeat(200)}`.repeat(3));
  assert.ok(far.write.length > 2 && far.write.length < 200);
  assert.ok(permissionFlags(far).every((flag) => flag.length < longestArgument));
});

Deno.test("a stage is given GPUs out of the visible ones, and records their kind", () => {
  const [node] = toyNodes("name: e\nseed: 1\nstages: { numbers: { use: toy_numbers } }");
  const described = ["NVIDIA H200, 139.8 GiB", "NVIDIA L4, 22.0 GiB"];
  const machine: Machine = {
    ...{ host: "here", deno: "2.9.6", cores: 2, memory: 8, system: "linux", processor: "Abacus" },
    visibleGpus: ["GPU-8f1c03a2", "3"],
    gpuText: (gpus) => gpus?.map((gpu) => described[gpu]).join(" and "),
  };
  const job = (device: string, ...gpus: number[]) => {
    const computing = { ...node!, preimage: { ...node!.preimage, compute: { device } } };
    return workerJob(computing, { kind: "missing" }, {
      ...{ store: openStore("/results"), cache: "/cache", byLabel: new Map(), threads: 1 },
      ...{ experiment: "e", project: new URL("file:///"), tables: {}, machine, share: { gpus } },
      code: new Map([["toy_numbers", { digest: "", entry: { files: {} } }]]) as never,
    } as never);
  };
  const second = job("gpu", 1);
  assert.equal(second.environment["CUDA_VISIBLE_DEVICES"], "3");
  assert.equal(second.circumstances.versions["gpu"], "NVIDIA L4, 22.0 GiB");
  assert.equal(job("gpu", 0, 1).environment["CUDA_VISIBLE_DEVICES"], "GPU-8f1c03a2,3");
  assert.equal(job("cpu").environment["CUDA_VISIBLE_DEVICES"], undefined);
  assert.equal(job("cpu").circumstances.versions["gpu"], undefined);
});

import assert from "node:assert/strict";
import { silentProgress } from "../../../pipeline/contract/progress.ts";
import { type OutsideCache, outsideDigests } from "../../../pipeline/key/outside_files.ts";
import { runToy, startToy } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { toyGraph } from "../../support/toy_graph.ts";

const experiment = (extra = "") =>
  `name: outside
stages:
  numbers: { use: toy_read, file: "data/the numbers.txt"${extra} }
`;

/** A folder with an experiment and the file that it reads, three levels of names apart. */
function prepared() {
  const folder = temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  Deno.mkdirSync(path("experiments/data"), { recursive: true });
  Deno.writeTextFileSync(path("experiments/data/the numbers.txt"), "1\n2\n");
  Deno.writeTextFileSync(path("experiments/outside.yaml"), experiment());
  const run = (...more: string[]) =>
    runToy(
      ["run", path("experiments/outside.yaml"), "--results", path("results"), ...more],
      { cwd: folder.path },
    );
  return { path, run, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("a path starts from the experiment file's folder, and for --set from the working directory", async () => {
  using place = prepared();
  const { path, run } = place;
  const first = await run();
  assert.equal(first.code, 0, first.err);
  Deno.renameSync(path("experiments/data/the numbers.txt"), path("moved.txt"));
  const moved = await run("--set", "numbers.file=moved.txt");
  assert.match(moved.out, /^nothing to run/, "where a file lies decides nothing");
});

Deno.test("a stage reruns when the content of an outside file changes, not when its path does", async () => {
  using place = prepared();
  const { path, run } = place;
  await run();
  Deno.writeTextFileSync(path("experiments/data/the numbers.txt"), "1\n3\n");
  const { code, out } = await run();
  assert.equal(code, 0);
  assert.match(out, /1 of 1 stages to run/);
  const plan = await run("--set", "numbers.file=results/../experiments/outside.yaml", "--plan");
  assert.match(plan.out, /the file `numbers` changed/);
});

Deno.test("all missing files are listed in one error, with size, source and fix", async () => {
  using place = prepared();
  const { path, run } = place;
  Deno.removeSync(path("experiments/data/the numbers.txt"));
  const text = experiment(", folder: elsewhere");
  Deno.writeTextFileSync(path("experiments/outside.yaml"), text);
  const { code, out, err } = await run();
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.equal(
    err,
    `error: 2 files outside the project are missing
  stage \`numbers\` reads
    ${path("experiments/data/the numbers.txt")}
      numbers, one per line; about 1 kB
    ${path("experiments/elsewhere")}
      more numbers; at example.org/numbers
  --> ${path("experiments/outside.yaml")}
fix: put them there, or set their location: --set numbers.file=PATH, --set numbers.folder=PATH
     experiments/scenes_iais.yaml needs no files outside the project
`,
  );
  assert.throws(() => Deno.statSync(path("results")), Deno.errors.NotFound);
});

Deno.test("for a folder, the first complete set of files is used, and other files are ignored", async () => {
  using place = prepared();
  const { path, run } = place;
  Deno.writeTextFileSync(path("experiments/outside.yaml"), experiment(", folder: more"));
  Deno.mkdirSync(path("experiments/more"));
  Deno.writeTextFileSync(path("experiments/more/a.txt"), "a");
  const without = await run();
  assert.match(without.err, /experiments\/more: b\.txt \(it contains a\.txt\)\n/);
  Deno.writeTextFileSync(path("experiments/more/ab.txt"), "ab");
  assert.equal((await run()).code, 0);
  Deno.writeTextFileSync(path("experiments/more/lock.mdb"), "no part of it");
  assert.match((await run()).out, /^nothing to run/);
  Deno.writeTextFileSync(path("experiments/more/b.txt"), "b");
  assert.match((await run()).out, /1 of 1 stages to run/, "now a.txt and b.txt are used");
});

Deno.test("a stage that is not requested needs no file", async () => {
  using place = prepared();
  const { path, run } = place;
  const text = `name: outside
stages:
  numbers: { use: toy_read, file: missing.txt }
  others: { use: toy_numbers, seed: 1 }
`;
  Deno.writeTextFileSync(path("experiments/outside.yaml"), text);
  assert.equal((await run()).code, 2);
  const { code, err } = await run("--only", "others");
  assert.equal(code, 0, err);
});

Deno.test("a file that changes during a run gives no result under the old key", async () => {
  using place = prepared();
  const { path } = place;
  Deno.writeTextFileSync(
    path("experiments/outside.yaml"),
    `name: outside
seed: 1
stages:
  numbers: { use: toy_read, file: "data/the numbers.txt" }
  tuned: { use: toy_train, numbers: numbers, steps: 40, pause: 50 }
`,
  );
  await using running = startToy([
    "run",
    path("experiments/outside.yaml"),
    "--results",
    path("results"),
  ]);
  await running.until("tuned: started");
  Deno.writeTextFileSync(path("experiments/data/the numbers.txt"), "7\n8\n9\n");
  await running.until("a file outside the project has changed since the run started");
  await running.until("data/the numbers.txt");
  assert.equal((await running.child.status).code, 1);
});

Deno.test("--only keeps the last request for other stages, even if their files are missing", async () => {
  using place = prepared();
  const { path, run } = place;
  const text = `name: outside
seed: 1
stages:
  numbers: { use: toy_read, file: "data/the numbers.txt" }
  more: { use: toy_read, file: data/more.txt }
  tuned: { use: toy_train, numbers: more, steps: 3 }
`;
  Deno.writeTextFileSync(path("experiments/outside.yaml"), text);
  Deno.writeTextFileSync(path("experiments/data/more.txt"), "5\n");
  assert.equal((await run()).code, 0);
  Deno.renameSync(path("experiments/data/more.txt"), path("elsewhere.txt"));
  const only = await run("--only", "numbers");
  assert.match(only.out, /^nothing to run/, only.err);
  const { out } = await runToy([
    "sql",
    "SELECT stage FROM latest ORDER BY stage",
    "--results",
    path("results"),
    "--format",
    "csv",
  ]);
  assert.deepEqual(out.trim().split(/\r?\n/), ["stage", "more", "numbers", "tuned"]);
  Deno.renameSync(path("elsewhere.txt"), path("experiments/data/more.txt"));
  assert.match((await run()).out, /^nothing to run/);
});

Deno.test("an unreadable file and a folder in place of a file are reported as such", async () => {
  using place = prepared();
  const { path, run } = place;
  Deno.removeSync(path("experiments/data/the numbers.txt"));
  Deno.mkdirSync(path("experiments/data/the numbers.txt"));
  const folder = await run();
  assert.equal(folder.code, 2);
  assert.match(folder.err, /the numbers\.txt \(which is a folder, not a file\)\n/);
  Deno.writeTextFileSync(
    path("experiments/outside.yaml"),
    experiment().replace('"data/the numbers.txt"', "/proc/self/mem"),
  );
  const unreadable = await run();
  assert.equal(unreadable.code, 2);
  assert.match(
    unreadable.err,
    /^error: a file outside the project cannot be read: .*\n {2}--> \/proc\/self\/mem\nfix: grant this user/,
  );
});

Deno.test("a file rewritten at once with the same size gets the digest of its new content", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/numbers.txt`;
  const [node] = toyGraph(
    `name: toy\nseed: 1\nstages:\n  numbers: { use: toy_read, file: ${path} }\n`,
  );
  const cache: OutsideCache = {};
  const digest = async () => {
    const digests = await outsideDigests([node!], {
      needed: [node!],
      experiment: "toy.yaml",
      cache,
      progress: () => silentProgress,
      keep: () => {},
    });
    return digests.get(node!.label);
  };
  for (let number = 0; number < 10; number++) {
    Deno.writeTextFileSync(path, `${number}\n`);
    const before = await digest();
    // Until the clock ticks, nothing but its content shows that the file was rewritten.
    Deno.writeTextFileSync(path, `${9 - number}\n`);
    assert.notDeepEqual(await digest(), before);
  }
});

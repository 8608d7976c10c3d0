import assert from "node:assert/strict";
import { compareCommand } from "../../../results/queries/compare_runs.ts";
import { storedExperiment, storedRequests, storeResults } from "../../support/stored_results.ts";
import type { ExperimentComparison } from "../../../results/queries/compare_experiments.ts";
import { type KnownNode, runDifferences } from "../../../results/queries/key_differences.ts";
import { runToy, toyExperiment } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const node = (stage: string, preimage: Partial<KnownNode["preimage"]>): KnownNode => ({
  stage,
  preimage: {
    engine: 1,
    stage,
    code: "c".repeat(64),
    parameters: {},
    inputs: {},
    compute: null,
    ...preimage,
  },
});

Deno.test("runDifferences() lists everything that decides a result, once, up to the sources", () => {
  const nodes: Record<string, KnownNode> = {
    source1: node("source", { parameters: { count: 1, same: "x", gone: true } }),
    source2: node("source", { parameters: { count: 2, same: "x", list: [1, 2] } }),
    left1: node("left", { inputs: { from: "source1" }, outside: { images: "a".repeat(64) } }),
    left2: node("left", { inputs: { from: "source2" }, outside: { images: "b".repeat(64) } }),
    end1: node("end", { inputs: { one: "left1", two: "source1" }, compute: { threads: "1" } }),
    end2: node("end", {
      code: "d".repeat(64),
      inputs: { one: "left2", two: "source2", three: "same" },
      compute: { threads: "2" },
    }),
  };
  assert.deepEqual(
    runDifferences("end1", "end2", (key) => nodes[key])
      .map(({ stage, what, a, b }) => [stage, what, a, b]),
    [
      ["end", "code", "cccccccc", "dddddddd"],
      ["end", "on threads", "1", "2"],
      ["end", "reads three", null, "yes"],
      ["left", "file images", "aaaaaaaa", "bbbbbbbb"],
      ["source", "count", "1", "2"],
      ["source", "gone", "true", null],
      ["source", "list", null, "[1,2]"],
    ],
  );
  assert.deepEqual(runDifferences("end1", "end1", (key) => nodes[key]), []);
  assert.deepEqual(runDifferences("end1", "forgotten", (key) => nodes[key]), [
    { stage: "end", what: "key", a: "end1", b: "forgotte" },
  ]);
});

Deno.test("compare lists what two runs differ in, with all stages upstream, and their metrics", async () => {
  using folder = temporaryFolder();
  const sweep = ["--set", "tuned.alignment=[none, singular]", "--set", "tuned.seed=[1]"];
  await runToy(["run", toyExperiment, ...sweep, "--results", folder.path]);
  const compare = (...more: string[]) => runToy(["compare", ...more, "--results", folder.path]);
  const [none, singular] = ["none", "singular"].map((name) => `recall[alignment=${name},seed=1]`);
  const { code, out, err } = await compare(none!, singular!);
  assert.equal(code, 0, err);
  assert.equal(
    out.replace(/[0-9a-f]{8} {2}\d{4}-.* UTC {2}[\d.]+ s/g, "KEY"),
    `A  recall[alignment=none,seed=1]      KEY
B  recall[alignment=singular,seed=1]  KEY

differs          A     B
---------------  ----  --------
tuned.alignment  none  singular

metric      split      A      B   B - A
----------  -----  -----  -----  ------
i2t_r1      test   0.220  0.410  +0.190
t2i_r1      test   0.290  0.480  +0.190
pair_group  test   0.680  0.370  −0.310
i2t_r5      test   0.380  0.570  +0.190
i2t_r10     test   0.580  0.770  +0.190
pair_image  test   0.680  0.370  −0.310
pair_text   test   0.680  0.370  −0.310
t2i_r5      test   0.450  0.640  +0.190
t2i_r10     test   0.650  0.840  +0.190
`,
  );
  assert.match((await compare(none!, none!)).out, /^recall.* are the same run, [0-9a-f]{64}\n$/);
  assert.equal(
    (await compare("toy", "numbers")).err,
    "error: `toy` is an experiment, but `numbers` is not\n" +
      "fix: name two runs or two experiments, for example: deno task compare scenes_iais~1 scenes_iais\n",
  );
  assert.equal(
    (await compare("toy")).err,
    "error: `compare` needs a run or an experiment and another one to compare it with\n" +
      "fix: for example: deno task compare scenes_iais~1 scenes_iais\n",
  );
});

Deno.test("compare lists what two choices of parameters differ in, with paired seeds", async () => {
  using folder = temporaryFolder();
  const run = (...set: string[]) =>
    runToy([
      "run",
      toyExperiment,
      "--results",
      folder.path,
      ...set.flatMap((one) => ["--set", one]),
    ]);
  await run("tuned.alignment=[none, singular]", "tuned.seed=[1, 2]");
  await run("tuned.alignment=[none]", "tuned.seed=[1, 2, 3]", "tuned.steps=30");
  const compare = (...more: string[]) => runToy(["compare", ...more, "--results", folder.path]);
  const { code, out, err } = await compare("toy~1", "toy");
  assert.equal(code, 0, err);
  assert.equal(
    out.replace(/\d{4}-.* UTC/g, "TIME"),
    `A  toy  requested TIME, 9 runs
B  toy  requested TIME, 7 runs

differs      A   B
-----------  --  --
tuned.steps  20  30
only in A:
  tuned[alignment=singular,seed=1]
  tuned[alignment=singular,seed=2]
  recall[alignment=singular,seed=1]
  recall[alignment=singular,seed=2]
only in B:
  tuned[alignment=none,seed=3]
  recall[alignment=none,seed=3]

metric      split  alignment  runs      A      B   B - A
----------  -----  ---------  ----  -----  -----  ------
i2t_r1      test   none          2  0.250  0.330  +0.080
i2t_r1      test   singular      2  0.470
t2i_r1      test   none          2  0.320  0.150  −0.170
t2i_r1      test   singular      2  0.290
pair_group  test   none          2  0.710  0.790  +0.080
pair_group  test   singular      2  0.680
and 12 more metrics; --json lists all
`,
  );
  const json: ExperimentComparison = JSON.parse((await compare("toy~1", "toy", "--json")).out);
  assert.equal(json.metrics.length, 18);
  assert.equal(
    (await compare("toy~2", "toy")).err,
    "error: there is no `toy~2`: `toy` was requested with 2 choices of parameters\n" +
      "fix: the earliest is `toy~1`\n",
  );
  // The file asks for other seeds.
  assert.match(
    (await compare("toy~1", toyExperiment)).err,
    /^error: this experiment was never run with its present parameters\n {2}--> .*toy\.yaml\n/,
  );
});

Deno.test("compare says that two runs, or two experiments, were computed on two processors", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  storeResults(root);
  const [earlier, later] = storedRequests(root);
  const keysOf = (request: typeof later) =>
    request!.nodes.filter(({ stage }) => stage === "recall").map(({ key }) => key);
  const [one] = keysOf(earlier);
  const [other] = keysOf(later).filter((key) => key !== one);
  const file = `${root}/artifacts/evaluate/${other}/manifest.json`;
  const manifest = Deno.readTextFileSync(file);
  assert.match(manifest, /"Abacus 1"/);
  Deno.writeTextFileSync(file, manifest.replace('"Abacus 1"', '"Abacus 2"'));
  const compare = (first: string, second: string) =>
    compareCommand(root, [{ name: first }, { name: second }], {
      json: false,
      width: 80,
      warn() {},
    });
  const caution = "Results were computed on 2 types of processor, whose rounding differs; this " +
    "alone may cause differences: Abacus 1; Abacus 2.";
  for (
    const text of [
      await compare(one!, other!),
      await compare(`${storedExperiment}~1`, storedExperiment),
    ]
  ) {
    assert.ok(text.replaceAll(/\s+/g, " ").includes(caution), text);
    assert.ok(text.split("\n").every((line) => line.length <= 80));
  }
  assert.doesNotMatch(await compare(one!, one!), /types of processor/);
});

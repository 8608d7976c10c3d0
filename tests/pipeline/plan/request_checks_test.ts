import assert from "node:assert/strict";
import type { Check } from "../../../pipeline/contract/stage.ts";
import { requestErrors } from "../../../pipeline/plan/request_checks.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy } from "../../support/toy_command.ts";
import { toyGraph } from "../../support/toy_graph.ts";
import { toyStages } from "../../support/toy_main.ts";

const experiment = `name: toy
seed: 42
stages:
  numbers: { use: toy_numbers, count: 5 }
  tuned:
    use: toy_align
    numbers: numbers
    alignment: sparse
    matrix: { projection: [topk, sparsemax], k: [4, 6], seed: [1, 2] }
`;
const checking = { checks: toyStages.checks, cache: "" };
const error = "error: stage `tuned` cannot run: `k: 6` is more than the 5 numbers\n" +
  "  --> toy.yaml:9:49\nfix: use at most 5";

Deno.test("a stage is checked against what its inputs will hold, at the place of the parameter", async () => {
  const nodes = toyGraph(experiment);
  const errors = await requestErrors(nodes, new Set(nodes.map(({ label }) => label)), checking);
  assert.deepEqual([...errors.keys()], [
    "tuned[projection=topk,k=6,seed=1]",
    "tuned[projection=topk,k=6,seed=2]",
  ]);
  assert.deepEqual([...errors.values()].flat().map(String), [error, error]);
});

Deno.test("nothing is said of stages that need not run", async () => {
  const nodes = toyGraph(experiment);
  const wanted = new Set(["tuned[projection=topk,k=4,seed=1]"]);
  assert.equal((await requestErrors(nodes, wanted, checking)).size, 0);
});

Deno.test("a fault that a check meets in a file is an error of the request", async () => {
  const { Complaint } = await import("../../../pipeline/contract/complaint.ts");
  const refuses: Check = () => {
    throw new Complaint("x is no number", "write numbers", {
      place: { file: "numbers.txt", line: 3 },
      exitCode: 1,
    });
  };
  const nodes = toyGraph(experiment);
  const errors = await requestErrors(nodes, new Set(["numbers"]), {
    ...checking,
    checks: { toy_numbers: refuses },
  });
  const [only] = errors.get("numbers")!;
  assert.equal(
    String(only),
    "error: stage `numbers` cannot run: x is no number\n  --> numbers.txt:3\nfix: write numbers",
  );
  assert.equal(only!.exitCode, 2);
});

Deno.test("a plan and a run refuse such a request once, and write nothing", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/toy.yaml`;
  Deno.writeTextFileSync(file, experiment);
  const toy = (...more: string[]) =>
    runToy(["run", file, "--results", `${folder.path}/results`, ...more]);
  for (const more of [[], ["--plan"]]) {
    const { code, err } = await toy(...more);
    assert.equal(code, 2);
    assert.equal(err, `${error.replace("toy.yaml", file)}\n`);
  }
  const { code, out } = await toy("--plan", "--set", "tuned.k=[4, 5]");
  assert.equal(code, 0);
  assert.match(out, /^note: tuned: k does not apply to sparsemax: 4 points are 2$/m);
  assert.throws(() => Deno.statSync(`${folder.path}/results`), Deno.errors.NotFound);
});

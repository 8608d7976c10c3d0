/** The experiments as files. */
import assert from "node:assert/strict";
import { denoTask, projectFolder } from "./support/command.ts";
import { longTest } from "./support/long_test.ts";
import { temporaryFolder } from "./support/temporary_folder.ts";

/** Digest of every complete artifact, by the folder it lies in. */
async function digestsIn(results: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for await (const kind of Deno.readDir(`${results}/artifacts`)) {
    for await (const key of Deno.readDir(`${results}/artifacts/${kind.name}`)) {
      const path = `${results}/artifacts/${kind.name}/${key.name}/manifest.json`;
      digests[`${kind.name}/${key.name}`] = JSON.parse(await Deno.readTextFile(path)).digest;
    }
  }
  return digests;
}

async function metricsIn(results: string): Promise<unknown> {
  const query = "SELECT run, name, split, value FROM metric ORDER BY ALL";
  const { out, err, code } = await denoTask([
    "sql",
    query,
    "--results",
    results,
    "--format",
    "json",
  ]);
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

/** Runs smoke in an empty folder, twice; if `twice`, in another empty folder as well. */
async function runSmoke(
  { stages, tuned, twice, options = [] }: {
    /** How many stages run, and how many of them are trainings of `tuned`. */
    readonly stages: number;
    readonly tuned: number;
    readonly twice: boolean;
    readonly options?: readonly string[];
  },
): Promise<void> {
  using first = temporaryFolder();
  using second = temporaryFolder();
  const run = (path: string) =>
    denoTask(["run", "experiments/smoke.yaml", ...options, "--results", path]);
  for (const { path } of twice ? [first, second] : [first]) {
    const { code, out, err } = await run(path);
    assert.equal(code, 0, out + err);
    assert.match(out, new RegExp(`ran ${stages} of ${stages} stages`));
    assert.match(out, /singular/);
  }
  const digests = await digestsIn(first.path);
  assert.equal(Object.keys(digests).length, stages);
  for (const digest of Object.values(digests)) assert.match(digest, /^[0-9a-f]{64}$/);
  if (twice) assert.deepEqual(await digestsIn(second.path), digests);
  const metrics = await metricsIn(first.path);
  assert.ok(Array.isArray(metrics) && metrics.length >= tuned * 7);
  if (twice) assert.deepEqual(await metricsIn(second.path), metrics);

  const again = await run(first.path);
  assert.equal(again.code, 0);
  assert.match(again.out, new RegExp(`nothing to run: all ${stages} stages are up to date`));

  const query =
    "SELECT stage, split, alignment, avg(value) FROM ablation WHERE metric = 'i2t_r1' " +
    "GROUP BY ALL";
  const { out } = await denoTask(["sql", query, "--results", first.path, "--format", "csv"]);
  assert.match(out, /^stage,split,alignment,/);
  assert.equal(out.trim().split("\n").length, 1 + tuned);

  const step =
    "SELECT phase, count(*) AS steps, min(grad_norm) > 0 AS alive FROM training_step GROUP BY phase ORDER BY phase";
  const steps = await denoTask(["sql", step, "--results", first.path, "--format", "json"]);
  assert.deepEqual(JSON.parse(steps.out), [
    { phase: "fine_tune", steps: 12 * tuned, alive: true },
    { phase: "pretrain", steps: 12, alive: true },
  ]);
}

Deno.test("the smoke experiment runs with one alignment, and has nothing to do when it runs again", () =>
  runSmoke({
    stages: 6,
    tuned: 1,
    twice: false,
    options: ["--set", "tuned.alignment=[singular]", "--only", "recall"],
  }));

longTest(
  "the smoke experiment repeats: two empty results folders, the same digests and metrics",
  () => runSmoke({ stages: 16, tuned: 4, twice: true }),
);

longTest(
  "in the experiment with families, oracles stand before the variants in every table",
  async () => {
    using results = temporaryFolder();
    const { code, out, err } = await denoTask([
      "run",
      "experiments/smoke_families.yaml",
      "--results",
      results.path,
    ]);
    assert.equal(code, 0, out + err);
    const tables = out.split(/^(?=recall(?:_unseen)? on )/m).slice(1);
    assert.equal(tables.length, 4);
    for (const table of tables) {
      const rows = table.split("\n").map((line) => line.split(/ {2,}/)[0]);
      const start = rows.indexOf("objects only");
      assert.ok(start > 0, table);
      assert.deepEqual(rows.slice(start, start + 4), [
        "objects only",
        "perfect",
        "none *",
        "singular",
      ]);
    }
  },
);

Deno.test("the experiments name their stages alike", async () => {
  for (const name of ["scenes_iais", "smoke", "smoke_families"]) {
    const text = await Deno.readTextFile(`${projectFolder}/experiments/${name}.yaml`);
    for (const stage of ["scenes", "features", "weights", "tuned", "recall"]) {
      assert.match(text, new RegExp(`^ {2}${stage}:`, "m"));
    }
  }
});

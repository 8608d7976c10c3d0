/** The experiments as files. */
import assert from "node:assert/strict";
import { denoTask, projectFolder } from "./support/command.ts";
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

Deno.test("the smoke experiment repeats: two empty results folders, the same digests and metrics", async () => {
  using first = temporaryFolder();
  using second = temporaryFolder();
  for (const { path } of [first, second]) {
    const { code, out, err } = await denoTask(["run", "experiments/smoke.yaml", "--results", path]);
    assert.equal(code, 0, out + err);
    assert.match(out, /ran 16 of 16 stages/);
    assert.match(out, /singular/);
  }
  const digests = await digestsIn(first.path);
  assert.equal(Object.keys(digests).length, 16);
  for (const digest of Object.values(digests)) assert.match(digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(await digestsIn(second.path), digests);
  const metrics = await metricsIn(first.path);
  assert.ok(Array.isArray(metrics) && metrics.length >= 4 * 7);
  assert.deepEqual(await metricsIn(second.path), metrics);

  const again = await denoTask(["run", "experiments/smoke.yaml", "--results", first.path]);
  assert.equal(again.code, 0);
  assert.match(again.out, /nothing to run: all 16 stages are up to date/);

  const query =
    "SELECT stage, split, alignment, avg(value) FROM ablation WHERE metric = 'i2t_r1' " +
    "GROUP BY ALL";
  const { out } = await denoTask(["sql", query, "--results", first.path, "--format", "csv"]);
  assert.match(out, /^stage,split,alignment,/);
  assert.equal(out.trim().split("\n").length, 5);

  const step =
    "SELECT phase, count(*) AS steps, min(grad_norm) > 0 AS alive FROM training_step GROUP BY phase ORDER BY phase";
  const steps = await denoTask(["sql", step, "--results", first.path, "--format", "json"]);
  assert.deepEqual(JSON.parse(steps.out), [
    { phase: "fine_tune", steps: 48, alive: true },
    { phase: "pretrain", steps: 12, alive: true },
  ]);
});

Deno.test("the experiments name their stages alike", async () => {
  for (const name of ["scenes_iais", "smoke"]) {
    const text = await Deno.readTextFile(`${projectFolder}/experiments/${name}.yaml`);
    for (const stage of ["scenes", "features", "weights", "tuned", "recall"]) {
      assert.match(text, new RegExp(`^ {2}${stage}:`, "m"));
    }
  }
});

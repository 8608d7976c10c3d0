/** Points that are one run, because a parameter has no effect or because files have the same content. */
import assert from "node:assert/strict";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy } from "../../support/toy_command.ts";

Deno.test("points with one key are run, counted and verified once, and told apart in run_point", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  for (const name of ["a.txt", "b.txt"]) Deno.writeTextFileSync(path(name), "the same");
  Deno.writeTextFileSync(
    path("shared.yaml"),
    `name: shared
seed: 1
stages:
  numbers: { use: toy_numbers, count: 5 }
  tuned:
    use: toy_align
    numbers: numbers
    alignment: sparse
    projection: sparsemax
    matrix: { file: [a.txt, b.txt], k: [1, 2, 4], seed: [1, 2] }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers }
`,
  );
  const toy = (...args: string[]) => runToy([...args, "--results", path("results")]);
  const { code, out } = await toy("run", path("shared.yaml"), "--jobs", "2", "--threads", "1");
  assert.equal(code, 0, out);
  assert.deepEqual(out.match(/^note: .*$/gm), [
    "note: tuned: k does not apply to sparsemax: 12 points are 4",
    "note: tuned: 4 points are 2 runs: tuned[file=a.txt,seed=1] and tuned[file=b.txt,seed=1] " +
    "have the same files",
  ]);
  assert.match(out, /^ran 5 of 5 stages/m);
  assert.match(out, /^recall on test \(percent, mean ± standard deviation over 2 seeds\)$/m);
  assert.match(out, /^a\.txt\|b\.txt {2}/m);
  const sql = async (query: string) =>
    (await toy("sql", query, "--format", "csv")).out.trim().split("\r\n").slice(1);
  assert.deepEqual(
    await sql(
      "SELECT label, string_agg(axis || ' ' || value, ' ' ORDER BY axis), count(DISTINCT run) " +
        "FROM run_point WHERE label LIKE 'recall%' GROUP BY label ORDER BY label",
    ),
    ["a.txt", "b.txt"].flatMap((file) =>
      [1, 2].map((seed) => `"recall[file=${file},seed=${seed}]",file ${file} seed ${seed},1`)
    ),
  );
  assert.deepEqual(
    await sql("SELECT runs FROM seed_spread WHERE stage = 'recall' AND metric = 'i2t_r1'"),
    ["2"],
  );
  const verified = await toy("verify", path("shared.yaml"), "--jobs", "2", "--threads", "1");
  assert.match(verified.out, /^5 of 5 recomputed in .*: all bits equal$/m);
});

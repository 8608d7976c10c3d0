/** Reports of complete, incomplete, failed and missing results. */
import assert from "node:assert/strict";
import { changeArtifact } from "../../support/resealed.ts";
import { storedExperiment, storeResults } from "../../support/stored_results.ts";
import { reportedExperiment, storeReported } from "../../support/reported_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy, toyExperiment } from "../../support/toy_command.ts";

const report = (root: string, ...args: string[]) => runToy(["report", ...args, "--results", root]);
const markdown = (folder: string) => Deno.readTextFileSync(`${folder}/report.md`);

Deno.test("a report has metrics, differences, cost, environment and queries", async () => {
  using folder = temporaryFolder();
  storeResults(folder.path);
  const { code, out, err } = await report(folder.path, storedExperiment);
  assert.equal(code, 0, err);
  assert.ok(
    out.split("\n").filter((line) => !line.startsWith("wrote"))
      .every((line) => line.length <= 80),
  );
  assert.match(out, /^scenes_iais: 39 of 39 runs complete\n/);
  const text = markdown(`${folder.path}/reports/scenes_iais`);
  assert.match(text, /\*\*39 of 39 runs are complete\*\*: 36 computed in .*, 3 from the cache/);
  assert.match(text, /\| none \\\* \| 15\.0 ±1\.0 \| /);
  assert.match(text, /\| singular \| test \| i→t R@1 \| [+−]?\d/);
  assert.match(text, /3 seeds/);
  assert.match(text, /None: every run is complete/);
  assert.match(text, /\| tuned \| fine_tune \| 12 \| 12 \| 0 \|/);
  assert.match(text, /\| machine \| machine \| 39 \|/);
  assert.match(text, /\| code of fine_tune \| [0-9a-f]{64} \| 12 \|/);
  assert.match(text, /deno task run experiments\/scenes_iais.yaml --set tuned.steps=40 --results/);
});

Deno.test("a report writes commands in the way the program was started", async () => {
  using folder = temporaryFolder();
  storeResults(folder.path);
  const npx = { env: { npm_command: "exec" } };
  const wrote = await runToy(["report", storedExperiment, "--results", folder.path], npx);
  assert.equal(wrote.code, 0, wrote.err);
  const at = `${folder.path}/reports/scenes_iais`;
  for (const text of [markdown(at), Deno.readTextFileSync(`${at}/report.html`)]) {
    const commands = text.match(/^.*deno task (run|report|sql) .*$/gm)!;
    assert.ok(commands.length >= 2);
    for (const command of commands) assert.match(command, /npx -y deno task/);
  }
  await report(folder.path, storedExperiment);
  assert.doesNotMatch(markdown(at), /npx/);
});

Deno.test("the page shows the code of the runs, and what is not stored", async () => {
  using folder = temporaryFolder();
  storeResults(folder.path);
  await report(folder.path, storedExperiment);
  const page = Deno.readTextFileSync(`${folder.path}/reports/scenes_iais/report.html`);
  const [section] = /<section id="environment"[^]*?<\/section>/.exec(page)!;
  assert.match(section, /code of fine_tune<\/th>\s*<td>[0-9a-f]{64}<\/td>/);
  assert.match(section, /<th scope="row">processor<\/th>\s*<td>Abacus 1<\/td>/);
  assert.match(section, /The commit is not stored with a run\./);
});

Deno.test("every query in a report reproduces its figures", async () => {
  using folder = temporaryFolder();
  storeResults(folder.path);
  await report(folder.path, storedExperiment);
  const text = markdown(`${folder.path}/reports/scenes_iais`);
  const queries = [...text.matchAll(/```sql\n([^]*?)\n```/g)].map(([, sql]) => sql!);
  assert.ok(queries.length >= 6);
  for (const sql of queries) {
    const { code, err } = await runToy(["sql", sql, "--results", folder.path]);
    assert.equal(code, 0, err);
  }
  const { out } = await runToy(["sql", queries[0]!, "--format", "json", "--results", folder.path]);
  const found = (JSON.parse(out) as Record<string, unknown>[])
    .find(({ variant, metric }) => variant === "none" && metric === "i2t_r1")!;
  assert.equal(found["runs"], 3);
  assert.ok(Math.abs(found["mean"] as number - 0.15) < 1e-12);
});

Deno.test("--against reports what changed and by how much; --set and ~1 find earlier requests", async () => {
  using folder = temporaryFolder();
  storeResults(folder.path);
  const before = `${storedExperiment}~1`;
  assert.equal((await report(folder.path, storedExperiment, "--against", before)).code, 0);
  const text = markdown(`${folder.path}/reports/scenes_iais_against_scenes_iais~1`);
  assert.match(text, /## What changed[^]*\| tuned \| steps \| 20 \| 40 \|/);
  assert.match(text, /## Changed metrics\n\nNone of the 8 main metrics changed\./);

  const out = `${folder.path}/elsewhere`;
  assert.equal((await report(folder.path, before, "--out", out)).code, 0);
  assert.match(markdown(out), /requested 2026-01-01 00:00 UTC/);
  assert.doesNotMatch(markdown(out), /--set/);
  const set = ["--set", "tuned.steps=40"];
  assert.equal((await report(folder.path, storedExperiment, ...set, "--out", out)).code, 0);
  assert.match(markdown(out), /with --set tuned.steps=40, requested/);
});

Deno.test("names from outside are not markup in Markdown", async () => {
  using folder = temporaryFolder();
  const hostile = ["none", "<script>a|b</script>", "```\n# [x](http://e.org) @someone", "$(rm x)`"];
  await storeReported(folder.path, { variants: hostile, seeds: 1, pictures: false });
  assert.equal((await report(folder.path, reportedExperiment)).code, 0);
  const text = markdown(`${folder.path}/reports/reported`);
  const prose = text.replace(/^(`{3,})(sql|sh)\n[^]*?\n\1$/gm, "");
  assert.doesNotMatch(prose, /(?<!\\)<script|(?<!\\)\[x|http:\/\/|@someone|^# \[/m);
  assert.match(prose, /\| \\<script\\>a\\\|b\\<\/script\\> \| /);
});

Deno.test("invalid requests exit with 2 and say how to fix them", async () => {
  using folder = temporaryFolder();
  storeResults(folder.path);
  for (
    const [args, message] of [
      [
        ["scenes_iai"],
        /no experiment `scenes_iai` in this results folder[^]*did you mean `scenes_iais`/,
      ],
      [["scenes_iais", "--against", "other"], /no experiment `other` to compare with/],
      [["scenes_iais", "--set", "a.b=1"], /never run with --set 'a\.b=1'/],
      [["scenes_iais~7"], /was requested with 2 choices/],
      [["none.yaml"], /the experiment file does not exist/],
      [[], /`report` needs an experiment/],
      [["scenes_iais", "--out", ""], /`--out` is empty/],
    ] as const
  ) {
    const { code, err } = await report(folder.path, ...args);
    assert.equal(code, 2, err);
    assert.match(err, message);
  }
});

Deno.test("a report says when an experiment has not been run", async () => {
  using folder = temporaryFolder();
  const { code, out } = await report(`${folder.path}/none`, toyExperiment);
  assert.equal(code, 0);
  assert.match(out, /^toy: not run yet\n/);
  assert.match(markdown(`${folder.path}/none/reports/toy`), /has not been run yet/);
  assert.match(
    Deno.readTextFileSync(`${folder.path}/none/reports/toy/report.html`),
    /has not been run yet/,
  );
  const named = await report(`${folder.path}/other`, "toy");
  assert.equal(named.code, 2);
  assert.match(named.err, /^error: this folder has no results yet\n/);
});

Deno.test("a report of failed and outstanding stages lists what is missing", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  const results = `${folder.path}/results`;
  Deno.writeTextFileSync(
    file,
    `name: x
seed: 1
stages:
  numbers: { use: toy_numbers, matrix: { fail: [no, complaint] } }
  tuned: { use: toy_train, numbers: numbers, steps: 2 }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers }
`,
  );
  assert.equal((await runToy(["run", file, "--results", results])).code, 1);
  const { code, out } = await report(results, file);
  assert.equal(code, 0);
  assert.match(out, /^x: 3 of 6 runs complete\n3 runs missing\n/);
  const text = markdown(`${results}/reports/x`);
  assert.match(
    text,
    /\| numbers\\\[fail=complaint\\\] \| failed \| the numbers ran out \| use fewer numbers \|/,
  );
  assert.match(text, /\| recall\\\[fail=complaint\\\] \| not run \|/);
  assert.match(text, /\| complaint \| missing \| missing \|/);
});

Deno.test("a report counts metrics that other runs of the stage have", async () => {
  using folder = temporaryFolder();
  storeResults(folder.path);
  const [first] = [...Deno.readDirSync(`${folder.path}/artifacts/evaluate`)];
  const run = `${folder.path}/artifacts/evaluate/${first!.name}`;
  changeArtifact(run, "rows/metric.jsonl", (text) => {
    const lines = text.split("\n").filter((line) => !/i2t_r5/.test(line));
    return lines.join("\n").replace(/"value":[\d.]+/, '"value":"NaN"');
  });
  const at = ["--out", `${folder.path}/out`];
  const one = await report(folder.path, storedExperiment, ...at);
  const other = await report(folder.path, `${storedExperiment}~1`, ...at);
  assert.deepEqual([one.code, other.code], [0, 0]);
  assert.match(one.out + other.out, /^2 metrics missing$/m);
});

import assert from "node:assert/strict";
import { copiedProject } from "../../support/copied_project.ts";

Deno.test("results of an earlier version are reported, moved on request, and used afterwards", async () => {
  using project = copiedProject();
  const experiment = `${project.path}/tests/support/toy.yaml`;
  const run = ["run", experiment, "--set", "tuned.seed=1", "--set", "tuned.alignment=none"];
  const old = `${project.path}/results`;
  assert.equal((await project.toy(...run, "--results", old)).code, 0);

  const note = `note: ${old} has results of an earlier version; see: deno task status\n`;
  const plan = await project.toy(...run, "--plan");
  assert.equal(plan.err, note);
  assert.match(plan.out, /^3 of 3 stages would run, /m);
  assert.equal((await project.toy(...run, "--plan", "--results", old)).err, "");

  const status = await project.toy("status");
  const found = `results of an earlier version, which are not used, are in
  ${old}: artifacts, pending, results.duckdb, state
this version keeps results in
  ${project.results}
move them there with: deno task status --move-old-results
`;
  assert.ok(status.out.endsWith(`\n\n${found}`), status.out);
  const json = await project.toy("status", "--json");
  assert.deepEqual(JSON.parse(json.out).experiments, []);
  assert.equal(json.err, `\n${found}`);
  const elsewhere = await project.toy("status", "--move-old-results", "--results", old);
  assert.equal(elsewhere.code, 2);
  assert.match(elsewhere.err, /^error: `--move-old-results` and `--results` are both given\n/);

  const moved = await project.toy("status", "--move-old-results");
  assert.equal(moved.code, 0, moved.err);
  assert.match(moved.out, /^moved the results of an earlier version to .*\/results\/store\n/);
  assert.match(moved.out, /^toy +3 /m);
  assert.doesNotMatch(moved.out, /which are not used/);
  const again = await project.toy(...run);
  assert.match(again.out, /^nothing to run: all 3 stages are up to date\n/);
  assert.equal(again.err, "");
  const sql = ["sql", "SELECT count(*) AS runs FROM stage_run", "--format", "csv"];
  assert.equal((await project.toy(...sql)).out, "runs\r\n3\r\n");

  const none = await project.toy("status", "--move-old-results");
  assert.equal(none.code, 2);
  assert.match(none.err, /^error: there are no results of an earlier version\n/);

  // An older program can write there again.
  Deno.mkdirSync(`${old}/artifacts`);
  const both = await project.toy("status");
  assert.match(both.out, /which is not empty; the old ones can be used with --results\n$/);
  const refused = await project.toy("status", "--move-old-results");
  assert.equal(refused.code, 2);
  assert.match(refused.err, /^error: there are results here already, .*\n {2}--> .*\/store\nfix: /);
});

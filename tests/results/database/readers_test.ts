import assert from "node:assert/strict";
import { queryDatabase } from "../../../results/queries/sql.ts";
import { isLong } from "../../support/long_test.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { startToy } from "../../support/toy_command.ts";

Deno.test("sql answers every query during a run of many quick stages", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/many.yaml`;
  const results = `${folder.path}/results`;
  const seeds = Array.from({ length: 400 }, (_, index) => index + 1);
  Deno.writeTextFileSync(
    file,
    "name: many\nseed: 1\nstages:\n" +
      `  numbers: { use: toy_numbers, matrix: { seed: [${seeds}] } }\n`,
  );
  await using running = startToy(["run", file, "--jobs", "2", "--results", results]);
  await running.until("done numbers[seed=1]");
  let ended = false;
  const end = running.until("ran 400 of 400 stages").then(() => ended = true);
  end.catch(() => {}); // the short test kills the run
  const counts: number[] = [];
  const enough = () => counts.length >= 5 && new Set(counts).size >= 3;
  while (!ended && (isLong || !enough())) {
    const query = "SELECT count(*) AS n FROM stage_run WHERE status = 'complete'";
    const answer = await queryDatabase(results, query, {
      format: "json",
      width: 80,
      warn: (line) => assert.fail(line),
    });
    counts.push(JSON.parse(answer)[0].n);
  }
  if (isLong) await end;
  assert.ok(counts.length >= 5, `only ${counts.length} queries`);
  assert.deepEqual(counts, counts.toSorted((a, b) => a - b), "a complete run stays complete");
  assert.ok(new Set(counts).size >= 3, `the counts do not follow the run: ${counts}`);
});

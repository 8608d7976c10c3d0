import assert from "node:assert/strict";
import { databaseFile } from "../../../results/database/database.ts";
import { mayBeDamage, readingError } from "../../../results/database/database_probe.ts";
import { reconcile } from "../../../results/database/reconcile.ts";
import { queryDatabase } from "../../../results/queries/sql.ts";
import { makeFolders, numbers, runMaker } from "../../support/made_runs.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** A results folder whose database has blocks that only some queries read. */
async function filled() {
  const folder = temporaryFolder();
  const root = folder.path;
  makeFolders(root);
  const make = runMaker(root, { experiment: "made" });
  const rows = numbers(20_000).map((step) => ({ step, loss: Math.sin(step) }));
  const train = (seed: number) =>
    make({
      stage: "tuned",
      kind: "fine_tune",
      output: "model",
      parameters: { seed },
      rows: { training_step: rows },
    });
  train(1);
  assert.equal(await reconcile(root, (line) => assert.fail(line)), 1);
  return Object.assign(folder, { root, train });
}

const loss = "SELECT count(*) AS n, sum(loss) AS loss FROM training_step";
const rebuilt =
  /^warning: the result database could not be read \(.*\); it was moved to .* and rebuilt from \d+ artifacts$/;

Deno.test("a database truncated anywhere is set aside and rebuilt by the reader that finds it", async () => {
  using folder = await filled();
  const { root } = folder;
  const warnings: string[] = [];
  const ask = () =>
    queryDatabase(root, loss, {
      format: "csv",
      width: 80,
      warn: (line) => warnings.push(line),
    });
  const answer = await ask();
  const whole = Deno.readFileSync(databaseFile(root));
  assert.ok(whole.length > 2 ** 18 * 3, "rows have blocks of their own");
  for (const part of [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 0.9999]) {
    Deno.writeFileSync(databaseFile(root), whole.subarray(0, Math.floor(part * whole.length)));
    warnings.length = 0;
    assert.equal(await ask(), answer, `truncated at ${part}`);
    assert.equal(warnings.length, 1, `truncated at ${part}`);
    assert.match(warnings[0]!, rebuilt);
  }
});

Deno.test("a database that cannot be read is set aside and rebuilt when results are added", async () => {
  using folder = await filled();
  const { root, train } = folder;
  Deno.truncateSync(databaseFile(root), Deno.statSync(databaseFile(root)).size - 1000);
  train(2);
  const said: string[] = [];
  await reconcile(root, (line) => said.push(line));
  const warn = (line: string) => said.push(line);
  const answer = await queryDatabase(root, loss, { format: "json", width: 80, warn });
  assert.equal(JSON.parse(answer)[0].n, 40_000);
  assert.equal(said.length, 1);
  assert.match(said[0]!, rebuilt);
});

Deno.test("a folder in the place of the database is set aside, too", async () => {
  using folder = await filled();
  Deno.removeSync(databaseFile(folder.root));
  Deno.mkdirSync(`${databaseFile(folder.root)}/inner`, { recursive: true });
  const said: string[] = [];
  assert.equal(await reconcile(folder.root, (line) => said.push(line)), 1);
  assert.match(said.join(), rebuilt);
});

Deno.test("an error of a query in a sound database sets nothing aside", async () => {
  using folder = await filled();
  const { root } = folder;
  for (
    const query of ["SELECT 'x'::INTEGER", "SELECT * FROM 'none.parquet'", "SELECT error('x')"]
  ) {
    await assert.rejects(
      queryDatabase(root, query, { format: "csv", width: 80, warn: (line) => assert.fail(line) }),
      /rror: /,
    );
  }
  assert.equal(await readingError(databaseFile(root)), undefined);
  assert.throws(() => Deno.statSync(`${root}/state/set_aside`), Deno.errors.NotFound);
});

Deno.test("mayBeDamage() takes every error of DuckDB for damage that is not about the query", () => {
  const damage = [
    'IO Error: Could not read enough bytes from file "a": attempted to read 1 bytes',
    'IO Error: The file "a" appears to be corrupted',
    "FATAL Error: Failed: database has been invalidated",
    "INTERNAL Error: Attempted to access index 5 within vector of size 0",
    "Serialization Error: Failed to deserialize: field id mismatch",
  ];
  for (const message of damage) assert.ok(mayBeDamage(message), message);
  for (const message of ["Parser Error: x", "Invalid Input Error: x", "a is not a function"]) {
    assert.ok(!mayBeDamage(message), message);
  }
});

import assert from "node:assert/strict";
import { runToy } from "../../support/toy_command.ts";
import { storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("--out writes the answer as CSV, JSON or Parquet, by the end of the name", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  storeResults(results);
  const query = "SELECT * FROM (VALUES (1, 'a,b'), (2, NULL)) t(n, text)";
  const answer = async (name: string) => {
    const out = `${folder.path}/${name}`;
    const said = await runToy(["sql", query, "--out", out, "--results", results]);
    assert.deepEqual(said, { code: 0, out: `2 rows in ${out}\n`, err: "" });
    return Deno.readFileSync(out);
  };
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(text(await answer("a.csv")), 'n,text\r\n1,"a,b"\r\n2,\r\n');
  assert.deepEqual(JSON.parse(text(await answer("a.json"))), [
    { n: 1, text: "a,b" },
    { n: 2, text: null },
  ]);
  const parquet = await answer("a.parquet");
  assert.deepEqual([text(parquet.subarray(0, 4)), text(parquet.subarray(-4))], ["PAR1", "PAR1"]);

  const unknown = await runToy(["sql", query, "--out", "a.txt", "--results", results]);
  assert.deepEqual(unknown, {
    code: 2,
    out: "",
    err: "error: `--out` cannot be `a.txt`\n" +
      "fix: name a file that ends in .csv, .json or .parquet\n",
  });
  const wrong = await runToy([
    "sql",
    "SELECT x",
    "--out",
    `${folder.path}/b.csv`,
    "--results",
    results,
  ]);
  assert.equal(wrong.code, 2);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [
    ...["a.csv", "a.json", "a.parquet", "results"],
  ]);
});

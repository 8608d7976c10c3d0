import assert from "node:assert/strict";
import { runToy, toyCommand } from "../../support/toy_command.ts";
import { storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

// deno-lint-ignore no-control-regex
const commanding = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

Deno.test("an error shows the control characters of a command line", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  Deno.writeTextFileSync(file, "name: e\nseed: 1\nstages: { numbers: { use: toy_numbers } }\n");
  const { code, err } = await runToy(["run", file, "--set", "numbers.c\x1b[31m\u009b\u202et=3"]);
  assert.equal(code, 2);
  assert.match(err, /^error: .*`c\\u001b\[31m\\u009b\\u202et`\n {2}--> --set numbers\.c\\u001b/);
  assert.doesNotMatch(err, commanding);
});

Deno.test("answers show control characters, and data for programs keeps them", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  storeResults(results);
  const sql = ["sql", "SELECT 'x' || chr(27) || '[2J' || chr(155) AS text", "--results", results];
  const [table, json, csv] = await Promise.all([
    runToy(sql),
    runToy([...sql, "--format", "json"]),
    runToy([...sql, "--format", "csv"]),
  ]);
  assert.match(table!.out, /x\\u001b\[2J\\u009b/);
  assert.doesNotMatch(table!.out, commanding);
  assert.doesNotMatch(json!.out, commanding);
  assert.deepEqual(JSON.parse(json!.out), [{ text: "x\x1b[2J\x9b" }]);
  assert.equal(csv!.out, "text\r\nx\x1b[2J\x9b\r\n");
});

Deno.test("a full disk behind the output is reported as that", async () => {
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", '"$@" > /dev/full', "sh", ...toyCommand, "--help"],
    stdin: "null",
  }).output();
  assert.equal(
    new TextDecoder().decode(stderr),
    "error: the output cannot be written: No space left on device (os error 28)\n" +
      "  --> standard output\nfix: send it elsewhere, or free some space on its disk\n",
  );
  assert.equal(code, 1);
});

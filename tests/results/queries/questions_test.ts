/** Every query of docs/questions.md is run on a small database and returns rows. */
import assert from "node:assert/strict";
import { queryDatabase } from "../../../results/queries/sql.ts";
import { storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

interface Question {
  readonly heading: string;
  readonly query: string;
  /** Column names of the answer that the page shows. */
  readonly columns: readonly string[];
}

const text = Deno.readTextFileSync(new URL("../../../docs/questions.md", import.meta.url));
const questions: readonly Question[] = text.split(/^## /m).slice(1).flatMap((section) => {
  const heading = section.split("\n")[0]!;
  const found = /^```sh\nnpx -y deno task sql "([^"$`\\]*)"\n```\n\n```\n([^\n]*)\n/m.exec(section);
  assert.ok(found, `no query that a shell passes on unchanged, followed by its answer: ${heading}`);
  return { heading, query: found[1]!, columns: found[2]!.trim().split(/\s{2,}/) };
});

Deno.test("the page has at least ten questions, and all of them are tested here", () => {
  assert.ok(questions.length >= 10);
  assert.equal(questions.length, text.split('deno task sql "').length - 1);
});

Deno.test("every query returns rows, with the column names that the page shows", async (t) => {
  using folder = temporaryFolder();
  storeResults(`${folder.path}/results`);
  for (const { heading, query, columns } of questions) {
    await t.step(heading, async () => {
      const answer = await queryDatabase(
        `${folder.path}/results`,
        query.replaceAll("'/tmp/", `'${folder.path}/`),
        { format: "json", width: 80, warn: (line) => assert.fail(line) },
      );
      const rows: Record<string, unknown>[] = JSON.parse(answer);
      assert.ok(rows.length > 0, "no rows");
      assert.deepEqual(Object.keys(rows[0]!), columns);
      const empty = columns.filter((column) => rows.every((row) => row[column] === null));
      assert.deepEqual(empty, [], "columns with nothing but NULL");
    });
  }
});

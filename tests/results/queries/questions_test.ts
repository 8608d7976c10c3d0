/** Every query of docs/questions.md is run on a small database and returns rows. */
import assert from "node:assert/strict";
import { answerToParquet, queryDatabase } from "../../../results/queries/sql.ts";
import { storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

interface Question {
  readonly heading: string;
  readonly query: string;
  /** Column names of the answer that the page shows, or the file that it is written to. */
  readonly columns: readonly string[];
  readonly out: string | undefined;
}

const text = Deno.readTextFileSync(new URL("../../../docs/questions.md", import.meta.url));
const questions: readonly Question[] = text.split(/^## /m).slice(1).flatMap((section) => {
  const heading = section.split("\n")[0]!;
  const found =
    /^```sh\nnpx -y deno task sql "([^"$`\\]*)"(?: --out (\S+))?\n```\n\n```\n([^\n]*)\n/m
      .exec(section);
  assert.ok(found, `no query that a shell passes on unchanged, followed by its answer: ${heading}`);
  const [, query, out, answer] = found;
  return { heading, query: query!, out, columns: answer!.trim().split(/\s{2,}/) };
});

Deno.test("the page has at least ten questions, and all of them are tested here", () => {
  assert.ok(questions.length >= 10);
  assert.equal(questions.length, text.split('deno task sql "').length - 1);
});

Deno.test("every query returns rows, with the column names that the page shows", async (t) => {
  using folder = temporaryFolder();
  storeResults(`${folder.path}/results`);
  for (const { heading, query, columns, out } of questions) {
    await t.step(heading, async () => {
      if (out !== undefined) {
        assert.match(columns[0]!, new RegExp(`^\\d+ rows in ${out}$`));
        const file = `${folder.path}/answer.parquet`;
        const warn = (line: string) => assert.fail(line);
        const rows = await answerToParquet(`${folder.path}/results`, query, { file, warn });
        assert.ok(rows > 0);
        return;
      }
      const answer = await queryDatabase(
        `${folder.path}/results`,
        query,
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

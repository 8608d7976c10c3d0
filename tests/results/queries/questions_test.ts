/** Every question of docs/questions.md is asked of a small database, and answered with rows. */
import assert from "node:assert/strict";
import { askDatabase } from "../../../results/queries/sql.ts";
import { storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

interface Question {
  readonly heading: string;
  readonly query: string;
  /** The names in the answer that stands below it. */
  readonly columns: readonly string[];
}

const text = Deno.readTextFileSync(new URL("../../../docs/questions.md", import.meta.url));
const questions: readonly Question[] = text.split(/^## /m).slice(1).flatMap((section) => {
  const heading = section.split("\n")[0]!;
  const found = /^```sh\nnpx -y deno task sql "([^"$`\\]*)"\n```\n\n```\n([^\n]*)\n/m.exec(section);
  assert.ok(found, `no question that a shell would pass on as it is, with its answer: ${heading}`);
  return { heading, query: found[1]!, columns: found[2]!.trim().split(/\s{2,}/) };
});

Deno.test("there are at least ten questions, and none is left out here", () => {
  assert.ok(questions.length >= 10);
  assert.equal(questions.length, text.split('deno task sql "').length - 1);
});

Deno.test("every question is answered with rows, under the names that the page shows", async (t) => {
  using folder = temporaryFolder();
  storeResults(`${folder.path}/results`);
  for (const { heading, query, columns } of questions) {
    await t.step(heading, async () => {
      const answer = await askDatabase(
        `${folder.path}/results`,
        query.replaceAll("'/tmp/", `'${folder.path}/`),
        { format: "json", width: 80, warn: (line) => assert.fail(line) },
      );
      const rows: Record<string, unknown>[] = JSON.parse(answer);
      assert.ok(rows.length > 0, "no rows");
      assert.deepEqual(Object.keys(rows[0]!), columns);
      const silent = columns.filter((column) => rows.every((row) => row[column] === null));
      assert.deepEqual(silent, [], "nothing but NULL");
    });
  }
});

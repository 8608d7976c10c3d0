import type { CommandWorld } from "./command_world.ts";
import { Complaint } from "../contract/complaint.ts";
import { defineCommand } from "./define_command.ts";
import { choice, one, text } from "./options.ts";
import { intoFile } from "../disk/new_file.ts";
import { openStore } from "../store/artifact_store.ts";

export const sqlCommand = defineCommand({
  name: "sql",
  summary: "query the result database, read-only",
  details: "The database is DuckDB. results/database/schema.sql describes its tables and views; " +
    "docs/questions.md has queries to start from. A query reads the result database alone. With " +
    "--out, the answer is written to a file, as CSV, JSON or Parquet by the end of its name.",
  arguments: { query: one("QUERY", "a query") },
  options: {
    format: choice(["table", "json", "csv"], "format of the printed answer"),
    out: text("FILE", "write the answer: .csv, .json or .parquet"),
  },
  example: '"SELECT * FROM leaderboard"',
  async run({ results, query, format, out }, world) {
    const { root } = openStore(results);
    if (out !== undefined) return await writeAnswer({ root, query, out }, world);
    const print = format === "csv" ? world.printData : world.print;
    const { width, warn } = world;
    const { queryDatabase } = await import("../../results/queries/sql.ts");
    print(await queryDatabase(root, query, { format, width: width(), warn }));
  },
});

async function writeAnswer(
  { root, query, out }: { root: string; query: string; out: string },
  { print, warn }: CommandWorld,
): Promise<void> {
  const format = /\.(csv|json|parquet)$/.exec(out)?.[1] as "csv" | "json" | "parquet" | undefined;
  if (format === undefined) {
    throw new Complaint(
      `\`--out\` cannot be \`${out}\``,
      "name a file that ends in .csv, .json or .parquet",
    );
  }
  const { answerQuery, answerText, answerToParquet } = await import(
    "../../results/queries/sql.ts"
  );
  const rows = await intoFile(out, async (file) => {
    if (format === "parquet") return await answerToParquet(root, query, { file, warn });
    const answer = await answerQuery(root, query, { warn });
    Deno.writeTextFileSync(file, answerText(answer, format, Infinity));
    return answer.rows.length;
  });
  print(`${rows === 1 ? "1 row" : `${rows} rows`} in ${out}\n`);
}

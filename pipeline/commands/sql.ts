import { defineCommand } from "./define_command.ts";
import { choice, one } from "./options.ts";
import { openStore } from "../store/artifact_store.ts";

export const sqlCommand = defineCommand({
  name: "sql",
  summary: "query the result database, read-only",
  details: "The database is DuckDB. results/database/schema.sql describes its tables and views; " +
    "docs/questions.md has queries to start from.",
  arguments: { query: one("QUERY", "a query") },
  options: { format: choice(["table", "json", "csv"], "format of the answer") },
  example: '"SELECT * FROM leaderboard"',
  async run({ results, query, format }, { print, warn, width }) {
    const { root } = openStore(results);
    const { queryDatabase } = await import("../../results/queries/sql.ts");
    print(await queryDatabase(root, query, { format, width: width(), warn }));
  },
});

import { Complaint, nearest } from "../contract/complaint.ts";
import { defineCommand, text } from "./define_command.ts";
import { onePositional } from "./positionals.ts";

export interface SqlCommand {
  readonly name: "sql";
  readonly results: string;
  readonly query: string;
  readonly format: SqlFormat;
}

export type SqlFormat = "table" | "json" | "csv";

export const sqlDefinition = defineCommand({
  name: "sql",
  options: { format: text },
  read({ results, values, positionals }): SqlCommand {
    return {
      name: "sql",
      results,
      query: onePositional(positionals, "query", `deno task sql "SELECT * FROM leaderboard"`),
      format: sqlFormat(values.format),
    };
  },
});

function sqlFormat(given = "table"): SqlFormat {
  if (given === "table" || given === "json" || given === "csv") return given;
  const meant = nearest(given, ["table", "json", "csv"]);
  throw new Complaint(
    `there is no format \`${given}\``,
    meant === undefined ? "the formats are table, json and csv" : `did you mean \`${meant}\`?`,
  );
}

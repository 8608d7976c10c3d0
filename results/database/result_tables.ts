/** The tables that stages record rows in. The pipeline fills the others. */
import type { ResultTables } from "../../pipeline/store/result_rows.ts";
import { readSchema } from "./schema_text.ts";

/** Tables with rows of runs that the pipeline itself writes. */
const pipelineTables = ["stage_run", "edge", "outside_file", "parameter", "artifact", "run_point"];

export function resultTables(): ResultTables {
  const schema = readSchema(Deno.readTextFileSync(new URL("./schema.sql", import.meta.url)));
  return Object.fromEntries(
    schema
      .filter(({ name, columns }) => columns[0]?.name === "run" && !pipelineTables.includes(name))
      .map(({ name, columns }) => [name, { columns: columns.slice(1) }]),
  );
}

/** Whether what is compared was computed on processors of one kind: each kind rounds in its own way. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";
import { literal } from "../database/question.ts";

/**
 * A caution where runs of these askings were computed on several kinds of processor; undefined where
 * they were not, or where it is not known. Rounding alone grows, over a training, to what another seed
 * would do.
 */
export async function processorCaution(
  connection: DuckDBConnection,
  askings: readonly string[],
): Promise<string | undefined> {
  const rows = await rowsOf<{ processor: string }>(
    connection,
    `SELECT DISTINCT json_extract_string(s.versions, '$.processor') AS processor
     FROM experiment_run AS r JOIN stage_run AS s ON s.run = r.run
     WHERE r.experiment IN (${askings.map(literal).join(", ")}) AND s.device IS NOT NULL
       AND s.status = 'complete' AND json_extract_string(s.versions, '$.processor') IS NOT NULL
     ORDER BY ALL`,
  );
  if (rows.length < 2) return undefined;
  const names = rows.map(({ processor }) => processor);
  return `Computed on ${names.length} kinds of processor, which round differently; what differs ` +
    `may be that alone: ${names.join("; ")}.`;
}

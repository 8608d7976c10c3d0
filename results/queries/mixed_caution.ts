import type { DuckDBConnection } from "@duckdb/node-api";
import { mixedText, type Versions } from "../../pipeline/contract/mixed_facts.ts";
import { literal } from "../database/question.ts";
import { rowsOf } from "../database/read_results.ts";

/**
 * A caution where runs of these requests were computed in different circumstances that are not part of
 * keys, such as on several types of processor; undefined where they were not, or where that is not
 * known. Over a training, rounding differences grow to the size of differences between seeds.
 */
export async function mixedCaution(
  connection: DuckDBConnection,
  requests: readonly string[],
): Promise<string | undefined> {
  const rows = await rowsOf<{ versions: string }>(
    connection,
    `SELECT DISTINCT s.versions::VARCHAR AS versions
     FROM experiment_run AS r JOIN stage_run AS s ON s.run = r.run
     WHERE r.experiment IN (${requests.map(literal).join(", ")}) AND s.status = 'complete'
       AND s.versions IS NOT NULL`,
  );
  return mixedText(rows.map(({ versions }): Versions => JSON.parse(versions)));
}

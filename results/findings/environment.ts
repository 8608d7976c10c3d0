/** On which machines, with which libraries and with which code the runs of a request were made. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";
import { rowsOf } from "../database/read_results.ts";

export interface Circumstance {
  readonly name: string;
  readonly value: string;
  /** Number of runs with this value. */
  readonly runs: number;
}

/** What a reader may look for and not find. */
export const notStored =
  "The commit is not stored with a run. Instead, the run's key includes a digest of its stage's code.";

export async function environmentOf(
  connection: DuckDBConnection,
  request: string,
): Promise<Answered<Circumstance>> {
  return await ask<Circumstance>(connection, {
    what: "machine, device, library, programs and code of the runs",
    sql: `WITH run_of AS (
  SELECT DISTINCT s.run, s.kind, s.host, s.device, s.code, s.versions
  FROM experiment_run AS r JOIN stage_run AS s ON s.run = r.run
  WHERE r.experiment = ${literal(request)} AND s.status = 'complete'
), entry AS (
  SELECT run, 'machine' AS name, host AS value FROM run_of
  UNION ALL SELECT run, 'device', device FROM run_of
  UNION ALL SELECT run, 'code of ' || kind, code FROM run_of
  UNION ALL SELECT run, key, json_extract_string(versions, '$."' || key || '"')
    FROM (SELECT run, versions, unnest(json_keys(versions)) AS key FROM run_of)
)
SELECT name, value, count(DISTINCT run)::INTEGER AS runs FROM entry
WHERE value IS NOT NULL GROUP BY name, value ORDER BY name LIKE 'code of %', name, runs DESC, value`,
  });
}

/**
 * A caution where runs of these requests were computed on several types of processor; undefined where
 * they were not, or where the processor is not known. Over a training, rounding differences grow to the
 * size of differences between seeds.
 */
export async function processorCaution(
  connection: DuckDBConnection,
  requests: readonly string[],
): Promise<string | undefined> {
  const rows = await rowsOf<{ processor: string }>(
    connection,
    `SELECT DISTINCT json_extract_string(s.versions, '$.processor') AS processor
     FROM experiment_run AS r JOIN stage_run AS s ON s.run = r.run
     WHERE r.experiment IN (${requests.map(literal).join(", ")}) AND s.device IS NOT NULL
       AND s.status = 'complete' AND json_extract_string(s.versions, '$.processor') IS NOT NULL
     ORDER BY ALL`,
  );
  if (rows.length < 2) return undefined;
  const names = rows.map(({ processor }) => processor);
  return `Results were computed on ${names.length} types of processor, whose rounding differs; this ` +
    `alone may cause differences: ${names.join("; ")}.`;
}

/** On which machines, with which libraries and with which code the runs of a request were made. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";

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

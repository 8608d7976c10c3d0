/** In which circumstances, and by which code, the runs of an asking were made. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";
import { rowsOf } from "../database/read_results.ts";

export interface Circumstance {
  readonly name: string;
  readonly value: string;
  /** How many runs were made so. */
  readonly runs: number;
}

/** What a reader may look for in vain. */
export const notStored =
  "Not stored with a run: the commit. In its place stands the digest of each stage's own code, which " +
  "is part of the run's key.";

export async function environmentOf(
  connection: DuckDBConnection,
  asking: string,
): Promise<Answered<Circumstance>> {
  return await ask<Circumstance>(connection, {
    what: "machine, device, library, programs and code of the runs",
    sql: `WITH made AS (
  SELECT DISTINCT s.run, s.kind, s.host, s.device, s.code, s.versions
  FROM experiment_run AS r JOIN stage_run AS s ON s.run = r.run
  WHERE r.experiment = ${literal(asking)} AND s.status = 'complete'
), said AS (
  SELECT run, 'machine' AS name, host AS value FROM made
  UNION ALL SELECT run, 'device', device FROM made
  UNION ALL SELECT run, 'code of ' || kind, code FROM made
  UNION ALL SELECT run, key, json_extract_string(versions, '$."' || key || '"')
    FROM (SELECT run, versions, unnest(json_keys(versions)) AS key FROM made)
)
SELECT name, value, count(DISTINCT run)::INTEGER AS runs FROM said
WHERE value IS NOT NULL GROUP BY name, value ORDER BY name LIKE 'code of %', name, runs DESC, value`,
  });
}

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

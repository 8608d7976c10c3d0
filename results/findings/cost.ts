/** What an asking cost: time by stage, and what was there before and did not have to be made. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";

export interface StageCost {
  readonly stage: string;
  /** What it uses; null as long as none of its runs was begun. */
  readonly kind: string | null;
  readonly runs: number;
  /** Made for this asking, and complete. */
  readonly made: number;
  /** Complete before it. */
  readonly hits: number;
  /** Wall time, added up over runs. */
  readonly seconds_made: number;
  readonly seconds_saved: number;
  readonly slowest: number | null;
}

export interface StageEdge {
  readonly reader: string;
  readonly source: string;
}

export interface Cost {
  readonly stages: Answered<StageCost>;
  readonly edges: Answered<StageEdge>;
}

export async function costOf(connection: DuckDBConnection, asking: string): Promise<Cost> {
  const experiment = literal(asking);
  return {
    stages: await ask<StageCost>(connection, {
      what: "wall time and cache hits of each stage",
      sql: `SELECT r.stage, any_value(s.kind) AS kind, count(*)::INTEGER AS runs,
  (count(*) FILTER (s.status = 'complete' AND s.started >= e.asked))::INTEGER AS made,
  (count(*) FILTER (s.status = 'complete' AND s.started < e.asked))::INTEGER AS hits,
  coalesce(sum(s.seconds) FILTER (s.started >= e.asked), 0) AS seconds_made,
  coalesce(sum(s.seconds) FILTER (s.started < e.asked), 0) AS seconds_saved,
  max(s.seconds) AS slowest
FROM experiment_run AS r
JOIN experiment AS e ON e.id = r.experiment
LEFT JOIN stage_run AS s ON s.run = r.run
WHERE r.experiment = ${experiment}
GROUP BY r.stage ORDER BY min(r.position)`,
    }),
    edges: await ask<StageEdge>(connection, {
      what: "which stage reads which",
      sql: `SELECT DISTINCT r.stage AS reader, i.stage AS source
FROM experiment_run AS r
JOIN edge ON edge.run = r.run
JOIN experiment_run AS i ON i.run = edge.input AND i.experiment = r.experiment
WHERE r.experiment = ${experiment}
ORDER BY ALL`,
    }),
  };
}

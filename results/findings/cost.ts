/** The cost of a request: time by stage, and the time saved by results that were already stored. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";
import { secondsText } from "../text/number_text.ts";

export interface StageCost {
  readonly stage: string;
  /** Its kind (`use:` in the YAML); null until one of its runs has started. */
  readonly kind: string | null;
  readonly runs: number;
  /** Runs computed for this request, and complete. */
  readonly computed: number;
  /** Runs that were complete before the request. */
  readonly hits: number;
  /** Wall time, summed over runs. */
  readonly seconds_computed: number;
  readonly seconds_saved: number;
  readonly slowest: number | null;
}

/** `36 computed in 1:09 min, 3 from the cache (saved 0.4 s)`. */
export function costText({ stages: { rows } }: Cost): string {
  const sum = (of: (row: StageCost) => number) => rows.reduce((total, row) => total + of(row), 0);
  const hits = sum((row) => row.hits);
  const saved = hits === 0 ? "" : ` (saved ${secondsText(sum((row) => row.seconds_saved))})`;
  return `${sum((row) => row.computed)} computed in ` +
    `${secondsText(sum((row) => row.seconds_computed))}, ${hits} from the cache${saved}`;
}

/** The columns of a table of costs. */
export const costColumns = [
  { title: "stage" },
  { title: "kind" },
  ...["runs", "computed", "from cache", "time", "saved", "slowest run"]
    .map((title) => ({ title, numeric: true })),
];

export interface StageEdge {
  readonly reader: string;
  readonly source: string;
}

export interface Cost {
  readonly stages: Answered<StageCost>;
  readonly edges: Answered<StageEdge>;
}

export async function costOf(connection: DuckDBConnection, request: string): Promise<Cost> {
  const experiment = literal(request);
  return {
    stages: await ask<StageCost>(connection, {
      what: "wall time and cache hits of each stage",
      sql: `SELECT r.stage, any_value(s.kind) AS kind, count(*)::INTEGER AS runs,
  (count(*) FILTER (s.status = 'complete' AND s.started >= e.requested))::INTEGER AS computed,
  (count(*) FILTER (s.status = 'complete' AND s.started < e.requested))::INTEGER AS hits,
  coalesce(sum(s.seconds) FILTER (s.started >= e.requested), 0) AS seconds_computed,
  coalesce(sum(s.seconds) FILTER (s.started < e.requested), 0) AS seconds_saved,
  max(s.seconds) AS slowest
FROM experiment_run AS r
JOIN experiment AS e ON e.id = r.experiment
LEFT JOIN stage_run AS s ON s.run = r.run
WHERE r.experiment = ${experiment}
GROUP BY r.stage ORDER BY min(r.position)`,
    }),
    edges: await ask<StageEdge>(connection, {
      what: "which stage reads from which",
      sql: `SELECT DISTINCT r.stage AS reader, i.stage AS source
FROM experiment_run AS r
JOIN edge ON edge.run = r.run
JOIN experiment_run AS i ON i.run = edge.input AND i.experiment = r.experiment
WHERE r.experiment = ${experiment}
ORDER BY ALL`,
    }),
  };
}

/** What a report lacks, and why: runs that failed or were not made, metrics that a run should have. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { listFailures, type StoredAsked } from "../stored_files.ts";
import { type Answered, ask, literal } from "./question.ts";

export interface Gaps {
  readonly all: number;
  readonly complete: number;
  readonly runs: readonly MissingRun[];
  readonly metrics: readonly MissingMetric[];
  readonly question: Answered<RunState>;
  readonly metricQuestion: Answered<MissingMetric>;
}

export interface MissingRun {
  readonly label: string;
  /** `not made`, `failed`, `running`, `stopped` or `interrupted`. */
  readonly state: string;
  readonly failure?: { readonly what: string; readonly fix?: string };
}

/** A number that other runs of the same stage have. */
export interface MissingMetric {
  readonly label: string;
  readonly metric: string;
  readonly split: string | null;
}

interface RunState {
  readonly run: string;
  readonly stage: string;
  readonly label: string;
  readonly status: string | null;
}

export async function gapsOf(
  connection: DuckDBConnection,
  root: string,
  asked: StoredAsked,
): Promise<Gaps> {
  const experiment = literal(asked.id);
  const question = await ask<RunState>(connection, {
    what: "how far each run is",
    sql: `SELECT r.run, r.stage, r.label, s.status
FROM experiment_run AS r LEFT JOIN stage_run AS s ON s.run = r.run
WHERE r.experiment = ${experiment} ORDER BY r.position`,
  });
  const failures = new Map(listFailures(root).map((failure) => [failure.key, failure]));
  const runs = question.rows.filter(({ status }) => status !== "complete")
    .map(({ run, label, status }): MissingRun => {
      const failure = status === "failed" ? failures.get(run) : undefined;
      return {
        label,
        state: status ?? "not made",
        ...(failure !== undefined && {
          failure: {
            what: failure.what,
            ...(failure.fix !== undefined && { fix: failure.fix }),
          },
        }),
      };
    });
  const metrics = await ask<MissingMetric>(connection, {
    what: "metrics that other runs of the same stage have",
    sql: `WITH stored AS (
  SELECT r.stage, r.label, r.run, r.position FROM experiment_run AS r
  JOIN stage_run AS s ON s.run = r.run AND s.status = 'complete'
  WHERE r.experiment = ${experiment}
), expected AS (
  SELECT DISTINCT stored.stage, m.name, m.split FROM stored JOIN metric AS m ON m.run = stored.run
)
SELECT stored.label, expected.name AS metric, expected.split
FROM stored JOIN expected ON expected.stage = stored.stage
LEFT JOIN metric AS m ON m.run = stored.run AND m.name = expected.name
  AND m.split IS NOT DISTINCT FROM expected.split AND isfinite(m.value)
WHERE m.run IS NULL
ORDER BY stored.position, expected.name`,
  });
  return {
    all: question.rows.length,
    complete: question.rows.length - runs.length,
    runs,
    metrics: metrics.rows,
    question,
    metricQuestion: metrics,
  };
}

/** What a report lacks, and why: runs that failed or were not made, numbers that a run should have. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { listFailures, type RequestRecord } from "../database/stored_files.ts";
import {
  type MissingMetric,
  missingMetrics,
  type MissingRanks,
  missingRanks,
} from "./metric_gaps.ts";
import { type Answered, ask, literal } from "../database/question.ts";

export interface Gaps {
  readonly all: number;
  readonly complete: number;
  readonly runs: readonly MissingRun[];
  readonly metrics: readonly MissingMetric[];
  readonly ranks: readonly MissingRanks[];
  readonly question: Answered<RunState>;
  readonly metricQuestion: Answered<MissingMetric>;
  readonly rankQuestion: Answered<MissingRanks>;
}

export interface MissingRun {
  readonly label: string;
  /** `not made`, `failed`, `running`, `stopped` or `interrupted`. */
  readonly state: string;
  readonly failure?: { readonly what: string; readonly fix?: string };
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
  asked: RequestRecord,
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
  const metrics = await missingMetrics(connection, asked.id);
  const ranks = await missingRanks(connection, asked.id);
  return {
    all: question.rows.length,
    complete: question.rows.length - runs.length,
    runs,
    metrics: metrics.rows,
    ranks: ranks.rows,
    question,
    metricQuestion: metrics,
    rankQuestion: ranks,
  };
}

/** How many things are missing. */
export function countGaps({ runs, metrics, ranks }: Gaps): number {
  return runs.length + metrics.length + ranks.length;
}

/** What mends a missing run; nothing while it is being made. @param goOn the experiment's command */
export function fixOf({ state, failure }: MissingRun, goOn: string): string {
  return failure?.fix ?? (state === "running" ? "" : goOn);
}

/** What is missing from a report, and why: failed or outstanding runs, and metrics that a run should have. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { failureOf, type RequestRecord } from "../database/stored_files.ts";
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
  /** `not run`, `failed`, `running`, `stopped` or `interrupted`. */
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
  request: RequestRecord,
): Promise<Gaps> {
  const experiment = literal(request.id);
  const question = await ask<RunState>(connection, {
    what: "status of each run",
    sql: `SELECT r.run, r.stage, r.label, s.status
FROM experiment_run AS r LEFT JOIN stage_run AS s ON s.run = r.run
WHERE r.experiment = ${experiment} ORDER BY r.position`,
  });
  const runs = question.rows.filter(({ status }) => status !== "complete")
    .map(({ run, label, status }): MissingRun => {
      const failure = status === "failed" ? failureOf(root, run) : undefined;
      return {
        label,
        state: status ?? "not run",
        ...(failure !== undefined && {
          failure: {
            what: failure.what,
            ...(failure.fix !== undefined && { fix: failure.fix }),
          },
        }),
      };
    });
  const metrics = await missingMetrics(connection, request.id);
  const ranks = await missingRanks(connection, request.id);
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

/**
 * How to obtain a missing run; empty while it is running.
 *
 * @param resume the command that continues the experiment
 */
export function fixOf({ state, failure }: MissingRun, resume: string): string {
  return failure?.fix ?? (state === "running" ? "" : resume);
}

/** The current state of an experiment: its runs, and the curves of trainings. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";

export interface Snapshot {
  readonly experiment: string;
  /** When it was last requested, UTC. */
  readonly requested: string;
  /** In the order in which they are made. */
  readonly runs: readonly WatchedRun[];
  readonly curves: readonly Curve[];
}

export interface WatchedRun {
  readonly stage: string;
  readonly label: string;
  /** As in stage_run; `to run` if it has not started. */
  readonly status: string;
  readonly seconds: number | null;
  /** Optimiser steps so far, for trainings. */
  readonly step: number | null;
  /** Optimiser steps in all. */
  readonly steps: number | null;
}

/** One number of one run over its optimiser steps, averaged into at most `mostPoints` points. */
export interface Curve {
  readonly stage: string;
  readonly number: string;
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const mostPoints = 60;

/** Columns of training_step that have charts. */
const training = [
  "loss",
  "rank_loss",
  "alignment_loss",
  "attention_entropy",
  "wrong_above",
] as const;
const validating = ["rsum"] as const;

/**
 * @param name name of an experiment; undefined for the one requested last
 * @returns undefined if there is none
 */
export async function snapshotOf(
  connection: DuckDBConnection,
  name: string | undefined,
): Promise<Snapshot | undefined> {
  const [request] = await rowsOf<{ id: string; experiment: string; requested: string }>(
    connection,
    `SELECT id, name AS experiment, strftime(requested, '%Y-%m-%d %H:%M:%S') AS requested FROM experiment
     WHERE $name IS NULL OR name = $name ORDER BY experiment.requested DESC, id LIMIT 1`,
    { name: name ?? null },
  );
  if (request === undefined) return undefined;
  const { id, experiment, requested } = request;
  const runs = await rowsOf<WatchedRun>(
    connection,
    `SELECT e.stage, e.label, coalesce(s.status, 'to run') AS status, s.seconds,
       (SELECT max(step) FROM training_step AS t WHERE t.run = e.run)::INTEGER AS step,
       (SELECT max(number) FROM parameter AS p WHERE p.run = e.run AND p.name = 'steps')::INTEGER
         AS steps
     FROM experiment_run AS e LEFT JOIN stage_run AS s ON s.run = e.run
     WHERE e.experiment = $id ORDER BY e.position`,
    { id },
  );
  return {
    experiment,
    requested,
    runs,
    curves: [
      ...await curvesOf(connection, id, "training_step", training),
      ...await curvesOf(connection, id, "validation", validating),
    ],
  };
}

async function curvesOf(
  connection: DuckDBConnection,
  id: string,
  table: string,
  numbers: readonly string[],
): Promise<Curve[]> {
  const rows = await rowsOf<Record<string, string | number | null>>(
    connection,
    `WITH longest AS (
       SELECT run, greatest(1, ceil(max(step) / ${mostPoints})::INTEGER) AS width
       FROM ${table} GROUP BY run
     )
     SELECT e.stage, e.label, max(t.step)::INTEGER AS step,
       ${numbers.map((n) => `avg(t.${n}) FILTER (isfinite(t.${n})) AS ${n}`).join(", ")}
     FROM experiment_run AS e JOIN ${table} AS t ON t.run = e.run JOIN longest AS l ON l.run = e.run
     WHERE e.experiment = $id
     GROUP BY e.stage, e.label, e.position, (t.step - 1) // l.width
     ORDER BY e.position, step`,
    { id },
  );
  const byRun = Map.groupBy(rows, (row) => String(row["label"]));
  return numbers.flatMap((number) =>
    [...byRun].flatMap(([label, rows]): Curve[] => {
      const drawn = rows.flatMap((row) => {
        const y = row[number];
        return typeof y === "number" ? [{ x: Number(row["step"]), y }] : [];
      });
      const stage = String(rows[0]!["stage"]);
      return drawn.length === 0 ? [] : [{ stage, number, label, points: drawn }];
    })
  );
}

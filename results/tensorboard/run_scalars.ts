/** The scalars of a run: numbers of each step, validations, and final metrics. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";
import type { Scalar } from "./event_file.ts";

export interface CurveRun {
  readonly run: string;
  readonly label: string;
  /** Seconds since 1970, UTC; 0 if unknown. */
  readonly started: number;
}

/** Runs with scalars, the oldest first. @param experiment name; undefined for all */
export async function curveRuns(
  connection: DuckDBConnection,
  experiment?: string,
): Promise<CurveRun[]> {
  return await rowsOf(
    connection,
    `SELECT s.run, coalesce(any_value(e.label), s.label) AS label,
       coalesce(epoch(s.started), 0) AS started
     FROM stage_run AS s
     ${
      experiment === undefined
        ? "LEFT JOIN experiment_run AS e ON false"
        : `JOIN experiment_run AS e ON e.run = s.run
           JOIN experiment AS x ON x.id = e.experiment AND x.name = $experiment`
    }
     WHERE s.run IN (SELECT run FROM training_step UNION SELECT run FROM validation
       UNION SELECT run FROM metric)
     GROUP BY s.run, s.label, s.started ORDER BY s.started, s.run`,
    experiment === undefined ? {} : { experiment },
  );
}

/** Ordered by table, then by step. */
export async function runScalars(
  connection: DuckDBConnection,
  { run, started }: CurveRun,
): Promise<Scalar[]> {
  const speed = await rowsOf<{ step: number; seconds: number }>(
    connection,
    "SELECT step, coalesce(seconds, 0) AS seconds FROM training_speed WHERE run = $run ORDER BY step",
    { run },
  );
  const timeOf = new Map<number, number>();
  let time = started;
  for (const { step, seconds } of speed) timeOf.set(step, time += seconds);
  const last = time;
  const rows = async (table: string, group: string) => {
    const found = await rowsOf<Record<string, unknown>>(
      connection,
      `SELECT * FROM ${table} WHERE run = $run ORDER BY step`,
      { run },
    );
    return found.flatMap((row) => {
      const step = Number(row["step"]);
      return Object.entries(row).flatMap(([name, value]): Scalar[] =>
        name === "step" || typeof value !== "number"
          ? []
          : [{ tag: `${group}/${name}`, step, value, time: timeOf.get(step) ?? last }]
      );
    });
  };
  const metrics = await rowsOf<{ name: string; split: string | null; value: number }>(
    connection,
    "SELECT name, split, value FROM metric WHERE run = $run AND value IS NOT NULL ORDER BY split, name",
    { run },
  );
  return [
    ...await rows("training_step", "train"),
    ...await rows("training_speed", "speed"),
    ...await rows("validation", "validation"),
    ...metrics.map(({ name, split, value }) => ({
      tag: `metric/${split === null ? name : `${split}_${name}`}`,
      step: speed.at(-1)?.step ?? 0,
      value,
      time: last,
    })),
  ];
}

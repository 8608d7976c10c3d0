/** `runs`: stage runs of a results folder, the latest first, with swept values and main metrics. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { Complaint, didYouMean } from "../../pipeline/contract/complaint.ts";
import { inOrder, type Metric, metricText } from "../text/metrics.ts";
import { readResults, rowsOf } from "../database/read_results.ts";
import { secondsText } from "../text/number_text.ts";
import { tableLines } from "../text/sql_table.ts";

export interface RunFilter {
  /** Name of an experiment; runs of all its requests are listed. */
  readonly experiment?: string;
  /** Name of a stage in the experiment. */
  readonly stage?: string;
  readonly limit?: number;
}

export interface ListedRun {
  readonly run: string;
  readonly stage: string;
  readonly label: string;
  readonly kind: string;
  readonly status: string;
  /** ISO 8601, UTC. */
  readonly started: string | null;
  readonly seconds: number | null;
  /** Swept parameter -> value, as text. */
  readonly point: Readonly<Record<string, string>>;
  readonly metrics: readonly Metric[];
}

/** @returns the output of `runs` */
export async function runsCommand(
  root: string,
  { json, ...filter }: RunFilter & { readonly json: boolean },
  { width, warn }: { readonly width: number; warn(line: string): void },
): Promise<string> {
  const found = await readResults(root, (connection) => listRuns(connection, filter), { warn });
  return json ? JSON.stringify(found.runs, null, 1) + "\n" : runsText(found, width);
}

/** @returns the latest runs, and the total number of runs */
export async function listRuns(
  connection: DuckDBConnection,
  { experiment, stage, limit }: RunFilter,
): Promise<{ runs: ListedRun[]; total: number }> {
  if (experiment !== undefined) await requireExperiment(connection, experiment);
  if (stage !== undefined) await requireStage(connection, stage, experiment);
  // Name of a run in the latest request that needs it.
  const named = `
    SELECT r.run, r.stage, r.label, r.experiment
    FROM experiment_run AS r JOIN experiment AS e ON e.id = r.experiment
    WHERE $experiment IS NULL OR e.name = $experiment
    QUALIFY row_number() OVER (PARTITION BY r.run ORDER BY e.requested DESC, e.id, r.position) = 1`;
  const rows = await rowsOf<Omit<ListedRun, "point" | "metrics"> & { request: string | null }>(
    connection,
    `SELECT s.run, coalesce(c.stage, s.stage) AS stage, coalesce(c.label, s.label) AS label,
       s.kind, s.status, strftime(s.started, '%Y-%m-%dT%H:%M:%S.%gZ') AS started, s.seconds,
       c.experiment AS request
     FROM stage_run AS s LEFT JOIN (${named}) AS c ON c.run = s.run
     WHERE ($experiment IS NULL OR c.run IS NOT NULL)
       AND ($stage IS NULL OR coalesce(c.stage, s.stage) = $stage)
     ORDER BY s.started DESC NULLS FIRST, label, s.run`,
    { experiment: experiment ?? null, stage: stage ?? null },
  );
  const points = await pointsOf(connection);
  const metrics = Map.groupBy(
    await rowsOf<Metric & { run: string }>(
      connection,
      "SELECT run, name, split, value FROM metric ORDER BY run, split, name",
    ),
    ({ run }) => run,
  );
  const runs = rows.slice(0, limit ?? rows.length).map(({ request, ...run }) => ({
    ...run,
    point: points.get(`${request} ${run.run}`) ?? {},
    metrics: (metrics.get(run.run) ?? []).map(({ run: _, ...metric }) => metric),
  }));
  return { runs, total: rows.length };
}

/** A table that fits into `width` columns, with as many metrics as there is room for. */
export function runsText(
  { runs, total }: { readonly runs: readonly ListedRun[]; readonly total: number },
  width: number,
): string {
  if (total === 0) return "no runs yet\n";
  const axes = [...new Set(runs.flatMap(({ point }) => Object.keys(point)))];
  const apart = axes.length <= 4;
  const oneYear = new Set(runs.map(({ started }) => started?.slice(0, 4))).size === 1;
  const words: [string, (run: ListedRun) => string][] = [
    ["run", ({ run }) => run.slice(0, 8)],
    ["stage", ({ stage }) => stage],
    ...apart
      ? axes.map((axis): typeof words[number] => [axis, ({ point }) => point[axis] ?? ""])
      : [["point", ({ point }) => pointText(point)] as typeof words[number]],
    ["started UTC", ({ started }) => timeText(started, oneYear)],
  ];
  const numbers: typeof words = [
    ["took", tookText],
    ...mainMetrics(runs).map(({ title, find }): typeof words[number] => [
      title,
      (run) => metricText(find(run)),
    ]),
  ];
  const table = (metrics: number) => {
    const shown = numbers.slice(0, 1 + metrics);
    return tableLines({
      columns: [
        ...words.map(([name]) => ({ name, numeric: false })),
        ...shown.map(([name]) => ({ name, numeric: true })),
      ],
      rows: runs.map((run) => [...words, ...shown].map(([, cell]) => cell(run))),
    }, Infinity);
  };
  const room = Number.isFinite(width) ? width : 80;
  let metrics = numbers.length - 1;
  while (metrics > 1 && Math.max(...table(metrics).map((line) => line.length)) > room) metrics--;
  const rest = runs.length < total
    ? `the latest ${runs.length} of ${total} runs; --limit ${total} shows all`
    : total === 1
    ? "1 run"
    : `${total} runs`;
  return [...table(metrics), rest, ""].join("\n");
}

function timeText(started: string | null, oneYear: boolean): string {
  return started?.slice(oneYear ? 5 : 0, 16).replace("T", " ") ?? "";
}

function tookText({ status, seconds }: ListedRun): string {
  return status === "complete" && seconds !== null ? secondsText(seconds) : status;
}

/** The most important ones first. */
function mainMetrics(runs: readonly ListedRun[]) {
  const all = new Map<string, Metric>();
  for (const metric of runs.flatMap(({ metrics }) => metrics)) {
    all.set(`${metric.name} ${metric.split}`, metric);
  }
  const chosen = inOrder([...all.values()]);
  const splits = new Set(chosen.map(({ split }) => split));
  return chosen.map(({ name, split }) => ({
    title: splits.size > 1 && split !== null ? `${name} ${split}` : name,
    find: ({ metrics }: ListedRun) =>
      metrics.find((metric) => metric.name === name && metric.split === split)?.value,
  }));
}

function pointText(point: Readonly<Record<string, string>>): string {
  return Object.entries(point).map(([axis, value]) => `${axis}=${value}`).join(" ");
}

/** `<experiment id> <run>` -> swept parameter -> value */
async function pointsOf(
  connection: DuckDBConnection,
): Promise<Map<string, Record<string, string>>> {
  const points = new Map<string, Record<string, string>>();
  const rows = await rowsOf<{ experiment: string; run: string; axis: string; value: string }>(
    connection,
    "SELECT experiment, run, axis, string_agg(DISTINCT value, '|' ORDER BY value) AS value " +
      "FROM run_point GROUP BY experiment, run, axis ORDER BY min(rowid)",
  );
  for (const { experiment, run, axis, value } of rows) {
    const id = `${experiment} ${run}`;
    points.set(id, { ...points.get(id), [axis]: value });
  }
  return points;
}

export async function requireExperiment(connection: DuckDBConnection, name: string): Promise<void> {
  const rows = await rowsOf<{ name: string }>(
    connection,
    "SELECT DISTINCT name FROM experiment ORDER BY name",
  );
  requireKnown(name, rows.map((row) => row.name), {
    what: `there is no experiment \`${name}\` in this results folder`,
    plural: "experiments",
  });
}

async function requireStage(
  connection: DuckDBConnection,
  stage: string,
  experiment: string | undefined,
): Promise<void> {
  const rows = await rowsOf<{ stage: string }>(
    connection,
    `SELECT stage FROM experiment_run AS r JOIN experiment AS e ON e.id = r.experiment
     WHERE $experiment IS NULL OR e.name = $experiment
     UNION SELECT stage FROM stage_run WHERE $experiment IS NULL ORDER BY stage`,
    { experiment: experiment ?? null },
  );
  requireKnown(stage, rows.map((row) => row.stage), {
    what: `there is no stage \`${stage}\`${
      experiment === undefined ? "" : ` in \`${experiment}\``
    }`,
    plural: "stages",
  });
}

/** @throws Complaint that suggests a known name, or lists all of them */
function requireKnown(
  name: string,
  known: readonly string[],
  { what, plural }: { what: string; plural: string },
): void {
  if (known.includes(name)) return;
  const list = known.slice(0, 20).map((one) => `\`${one}\``).join(", ");
  throw new Complaint(
    what,
    didYouMean(name, known) ??
      (known.length === 0
        ? "run an experiment first"
        : `the ${plural} are ${list}${known.length > 20 ? ", …" : ""}`),
  );
}

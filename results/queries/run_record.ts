/** Everything that is known about one run, from the database, its manifest and the requests. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { inOrder, type Metric } from "../text/metrics.ts";
import { rowsOf } from "../database/read_results.ts";
import {
  failureOf,
  listRequests,
  type Manifest,
  namesIn,
  type Preimage,
  readManifest,
} from "../database/stored_files.ts";

export interface RunRecord {
  readonly run: string;
  readonly label: string;
  readonly stage: string;
  readonly kind: string;
  readonly status: string;
  readonly why: string | null;
  /** ISO 8601, UTC. */
  readonly started: string | null;
  readonly seconds: number | null;
  readonly host: string | null;
  /** Experiments that need it, with its label there. */
  readonly experiments: readonly { readonly experiment: string; readonly label: string }[];
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The digest is that of the artifact that was read, if this run is complete. */
  readonly inputs: readonly {
    readonly port: string;
    readonly run: string;
    readonly label: string | null;
    readonly digest: string | null;
  }[];
  /** Role -> digest of the files from outside the store. */
  readonly outside: Readonly<Record<string, string>>;
  /** Digest of the stage's code. */
  readonly code: string | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly metrics: readonly Metric[];
  readonly artifact: {
    readonly kind: string;
    /** Relative to the results folder. */
    readonly folder: string;
    readonly digest: string;
    readonly files: readonly { readonly path: string; readonly size: number }[];
  } | null;
  readonly failure: { readonly what: string; readonly fix?: string } | null;
  /** Paths of logs, relative to the results folder. */
  readonly logs: readonly string[];
}

/** @param run the whole key of a run that the database knows */
export async function recordOf(
  connection: DuckDBConnection,
  root: string,
  run: string,
): Promise<RunRecord> {
  const [row] = await rowsOf<
    Pick<RunRecord, "label" | "stage" | "kind" | "status" | "why" | "started" | "seconds" | "host">
  >(
    connection,
    `SELECT label, stage, kind, status, why,
       strftime(started, '%Y-%m-%dT%H:%M:%S.%gZ') AS started, seconds, host
     FROM stage_run WHERE run = $run`,
    { run },
  );
  if (row === undefined) throw new Error(`internal: the database has no run ${run}`);
  const folder = `artifacts/${row.kind}/${run}`;
  const manifest = row.status === "complete" ? readManifest(root, folder) : undefined;
  const preimage = manifest?.preimage ?? requestedPreimage(root, run);
  const failure = row.status === "failed" ? failureOf(root, run) : undefined;
  return {
    run,
    ...row,
    experiments: await rowsOf(
      connection,
      `SELECT e.name AS experiment, r.label FROM experiment_run AS r
       JOIN experiment AS e ON e.id = r.experiment WHERE r.run = $run
       GROUP BY ALL ORDER BY max(e.requested) DESC, e.name, r.label`,
      { run },
    ),
    parameters: preimage?.parameters ?? {},
    inputs: await inputsOf(connection, preimage, manifest),
    outside: preimage?.outside ?? {},
    code: preimage?.code ?? null,
    versions: manifest?.circumstances.versions ?? preimage?.compute ?? {},
    metrics: inOrder(
      await rowsOf<Metric>(
        connection,
        "SELECT name, split, value FROM metric WHERE run = $run",
        { run },
      ),
    ),
    artifact: manifest === undefined ? null : {
      kind: manifest.output,
      folder,
      digest: manifest.digest,
      files: manifest.files.map(({ path, size }) => ({ path, size })),
    },
    failure: failure === undefined
      ? null
      : { what: failure.what, ...(failure.fix !== undefined && { fix: failure.fix }) },
    logs: [folder, `pending/${run}`].flatMap((place) =>
      // Its one JSON file is the pipeline's own: the machines that worked on it.
      namesIn(`${root}/${place}/log`).filter((name) => !name.endsWith(".json"))
        .map((name) => `${place}/log/${name}`)
    ),
  };
}

/** The preimage of the run's key, from a request that needs the run. */
function requestedPreimage(root: string, run: string): Preimage | undefined {
  for (const { nodes } of listRequests(root)) {
    const node = nodes.find(({ key }) => key === run);
    if (node !== undefined) return node.preimage;
  }
  return undefined;
}

async function inputsOf(
  connection: DuckDBConnection,
  preimage: Preimage | undefined,
  manifest: Manifest | undefined,
): Promise<RunRecord["inputs"]> {
  const rows = await rowsOf<{ run: string; label: string }>(
    connection,
    "SELECT run, label FROM stage_run",
  );
  const labels = new Map(rows.map(({ run, label }) => [run, label]));
  return Object.entries(preimage?.inputs ?? {}).map(([port, run]) => ({
    port,
    run,
    label: labels.get(run) ?? null,
    digest: manifest?.inputDigests?.[port] ?? null,
  }));
}

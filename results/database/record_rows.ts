/** Adds requests, failures and certificates to the database, unless it has them. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type RowWriter, valueText } from "./row_writer.ts";
import type { Certificate, FailureRecord, RequestRecord, StoredRecord } from "./stored_files.ts";

/** The rows of complete artifacts must be in the database already. */
export async function addRecords(
  connection: DuckDBConnection,
  rows: RowWriter,
  records: readonly StoredRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const column = async (query: string) =>
    (await connection.runAndReadAll(query)).getRows() as [string, string][];
  const runs = new Set((await column("SELECT run FROM stage_run")).map(([run]) => run));
  const certificates = new Set((await column("SELECT id FROM certificate")).map(([id]) => id));
  const times = new Map(await column("SELECT id, CAST(requested AS VARCHAR) FROM experiment"));
  for (const record of records) {
    if (record.kind === "failure" && !runs.has(record.failure.key)) {
      await addFailure(rows, record.failure);
    }
    if (record.kind === "certificate" && !certificates.has(record.certificate.id)) {
      await addCertificate(rows, record.certificate);
    }
  }
  for (const request of latestOf(records)) {
    const time = times.get(request.id);
    if (time === undefined) await addRequest(rows, request);
    else if (time !== timestampText(request.requested)) await repeat(connection, request);
  }
}

/** An earlier version may have repeated a request in its own folder: then the same id is there twice. */
function latestOf(records: readonly StoredRecord[]): RequestRecord[] {
  const latest = new Map<string, RequestRecord>();
  for (const record of records) {
    if (record.kind !== "request") continue;
    const { request } = record;
    const known = latest.get(request.id);
    if (known === undefined || request.requested > known.requested) latest.set(request.id, request);
  }
  return [...latest.values()];
}

/** The same request was made again. */
async function repeat(
  connection: DuckDBConnection,
  { id, requested }: RequestRecord,
): Promise<void> {
  await connection.run(
    "UPDATE experiment SET requested = CAST($time AS TIMESTAMP) WHERE id = $id",
    { time: requested.replace("Z", ""), id },
  );
}

/** As DuckDB writes a TIMESTAMP: without trailing zeros in the fraction. */
function timestampText(iso: string): string {
  return iso.replace("T", " ").replace("Z", "").replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

async function addFailure(rows: RowWriter, failure: FailureRecord): Promise<void> {
  const { key: run, stage, kind, label, time: started } = failure;
  await rows.add("stage_run", { run, stage, kind, label, status: "failed", started });
}

async function addCertificate(rows: RowWriter, certificate: Certificate): Promise<void> {
  const { id, key: run, label, kind, verdict, digest, remade, differing } = certificate;
  const { time: verified, seconds, madeOn: made_on, host, versions } = certificate;
  await rows.add("certificate", {
    id,
    run,
    label,
    kind,
    verdict,
    digest,
    remade,
    differing: JSON.stringify(differing),
    verified,
    seconds,
    made_on,
    host,
    versions: JSON.stringify(versions),
  });
}

async function addRequest(rows: RowWriter, request: RequestRecord): Promise<void> {
  const { id, experiment: name, file, requested, baseline, compare, nodes } = request;
  await rows.add("experiment", { id, name, file, compare, requested });
  for (const [axis, value] of Object.entries(baseline)) {
    await rows.add("baseline", { experiment: id, axis, value: valueText(value) });
  }
  const known = new Set<string>();
  for (const [position, { label, stage, key: run, point }] of nodes.entries()) {
    // Points of a stage that share a run are rows of run_point only.
    const shared = JSON.stringify([stage, run]);
    if (!known.has(shared)) {
      await rows.add("experiment_run", { experiment: id, run, stage, label, position });
    }
    known.add(shared);
    for (const [axis, value] of Object.entries(point)) {
      await rows.add("run_point", { experiment: id, run, axis, value: valueText(value), label });
    }
  }
}

/**
 * `export`: all results as one folder for others:
 *
 *     ro-crate-metadata.json                describes all files, and the inputs and outputs of runs
 *     tables/<table>.parquet                the database
 *     schema.sql                            what its columns mean
 *     experiments/<name>-<id>.yaml          experiment files as they were when requested
 *     state/requested/<id>.json             the runs that a request needs
 *     artifacts/<kind>/<key>/manifest.json  inputs and outputs of a run, with digests
 *     artifacts/<kind>/<key>/artifact/…     the files themselves, with `--with-artifacts`
 *
 * With its artifacts an exported folder is also a results folder: `rebuild` builds its database.
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { bytesText } from "../../pipeline/terminal/terminal_text.ts";
import { countText } from "../text/number_text.ts";
import { crateMetadata } from "./crate.ts";
import { type ExportedRun, exportedRuns } from "./exported_runs.ts";
import { openExport } from "./export_folder.ts";
import { exportTables } from "./export_tables.ts";
import { intoNewFolder } from "../../pipeline/disk/new_folder.ts";
import { readResults } from "../database/read_results.ts";
import { requireExperiment } from "../queries/run_list.ts";
import { listRequests, namesIn, type RequestRecord } from "../database/stored_files.ts";

export interface ExportRequest {
  /** The folder to create. */
  readonly folder: string;
  /** Name of an experiment, to export only its requests and the runs that they need. */
  readonly experiment?: string;
  readonly withArtifacts: boolean;
  /** URL or name of the licence of the results. */
  readonly license?: string;
}

/** @returns what was done, in words */
export async function exportCommand(
  root: string,
  request: ExportRequest,
  { warn }: { warn(line: string): void },
): Promise<string> {
  return await intoNewFolder(request.folder, async (temporary) => {
    const out = openExport(temporary);
    const found = await readResults(root, async (connection) => {
      const { experiment } = request;
      if (experiment !== undefined) await requireExperiment(connection, experiment);
      const requests = listRequests(root)
        .filter((one) => experiment === undefined || one.experiment === experiment)
        .sort((one, other) => one.id < other.id ? -1 : 1);
      const ids = experiment === undefined ? undefined : requests.map(({ id }) => id);
      const tables = await exportTables(connection, out, ids);
      return { requests, tables, runs: await exportedRuns(connection, root, ids) };
    }, { warn });
    const text = writeRest(out, found, { ...request, root });
    return `wrote ${request.folder}: ${text}\n`;
  });
}

interface Found {
  readonly requests: readonly RequestRecord[];
  readonly tables: number;
  readonly runs: readonly ExportedRun[];
}

/** Everything but the tables; the database is closed by now. Returns the counts in words. */
function writeRest(
  out: Export,
  { requests, tables, runs }: Found,
  { root, experiment, withArtifacts, license }: ExportRequest & { readonly root: string },
): string {
  out.write(
    "schema.sql",
    Deno.readTextFileSync(new URL("../database/schema.sql", import.meta.url)),
    {
      name: "schema.sql",
      description: "The tables: what they contain, what each column means, and its unit",
      encodingFormat: "application/sql",
    },
  );
  for (const request of requests) writeRequest(out, request);
  for (const run of runs) {
    if (run.manifest !== undefined) copyRun(out, run, { root, withArtifacts });
  }
  const metadata = crateMetadata({ runs, requests, files: out.files(), license, experiment });
  out.write("ro-crate-metadata.json", `${JSON.stringify(metadata, null, 1)}\n`);
  const files = out.files();
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return `${tables} tables, ${countText(runs.length, "run")}, ${
    countText(requests.length, "request")
  }; ` +
    `${files.length} files, ${bytesText(bytes)}`;
}

type Export = ReturnType<typeof openExport>;

function writeRequest(out: Export, request: RequestRecord): void {
  const { id, experiment, requested, source } = request;
  const name = `${experiment.replace(/[^\w.-]/g, "_")}-${id.slice(0, 8)}`;
  if (source !== undefined) {
    const options = source.set.map((option) => ` --set '${option}'`).join("");
    out.write(`experiments/${name}.yaml`, source.text, {
      name: `${experiment}, as requested`,
      description: `requested ${requested}${options === "" ? "" : ` with${options}`}`,
      encodingFormat: "application/yaml",
    });
  }
  out.write(`state/requested/${id}.json`, `${JSON.stringify(request)}\n`, {
    name: `runs of ${experiment}, requested ${requested}`,
    encodingFormat: "application/json",
  });
}

/** The manifest, and with `withArtifacts` the artifact and its logs. */
function copyRun(
  out: Export,
  { folder, manifest, label }: ExportedRun,
  { root, withArtifacts }: { root: string; withArtifacts: boolean },
): void {
  out.copy(`${root}/${folder}/manifest.json`, `${folder}/manifest.json`, {
    name: `manifest of ${label}`,
    encodingFormat: "application/json",
  });
  if (!withArtifacts) return;
  for (const { path, sha256 } of manifest!.files) {
    const from = `${root}/${folder}/artifact/${path}`;
    const copied = out.copy(from, `${folder}/artifact/${path}`, { name: `${label}: ${path}` });
    if (copied === sha256) continue;
    throw new Complaint(
      `a file of ${label} differs from its manifest`,
      "run its experiment with --verify, which recomputes it; or export without --with-artifacts",
      { place: { file: from }, exitCode: 1 },
    );
  }
  for (const name of namesIn(`${root}/${folder}/log`)) {
    out.copy(`${root}/${folder}/log/${name}`, `${folder}/log/${name}`, {
      name: `${label}: ${name}`,
    });
  }
}

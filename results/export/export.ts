/**
 * `export`: everything that was found, for others, as one folder:
 *
 *     ro-crate-metadata.json                what all of it is, and which run made what from what
 *     tables/<table>.parquet                the database
 *     schema.sql                            what its columns mean
 *     experiments/<name>-<id>.yaml          what was asked, as it was written then
 *     state/asked/<id>.json                 which runs that needs
 *     artifacts/<kind>/<key>/manifest.json  what a run made, from what, with digests
 *     artifacts/<kind>/<key>/artifact/…     and the files themselves, when they are wanted
 *
 * With its artifacts an exported folder is a results folder, too: `rebuild` makes its database.
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { bytesText } from "../../pipeline/terminal/terminal_text.ts";
import { crateMetadata } from "./crate.ts";
import { type ExportedRun, exportedRuns } from "./exported_runs.ts";
import { openExport } from "./export_folder.ts";
import { exportTables } from "./export_tables.ts";
import { intoNewFolder } from "../../pipeline/disk/new_folder.ts";
import { readResults } from "../database/read_results.ts";
import { requireExperiment } from "../queries/run_list.ts";
import { listRequests, namesIn, type RequestRecord } from "../database/stored_files.ts";

export interface ExportRequest {
  /** The folder to make. */
  readonly folder: string;
  /** Name of an experiment: its askings, and the runs that they need. */
  readonly experiment?: string;
  readonly withArtifacts: boolean;
  /** Address or name of the licence that the results are given under. */
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
      const asked = listRequests(root)
        .filter((one) => experiment === undefined || one.experiment === experiment)
        .sort((one, other) => one.id < other.id ? -1 : 1);
      const askings = experiment === undefined ? undefined : asked.map(({ id }) => id);
      const tables = await exportTables(connection, out, askings);
      return { asked, tables, runs: await exportedRuns(connection, root, askings) };
    }, { warn });
    const text = writeRest(out, found, { ...request, root });
    return `wrote ${request.folder}: ${text}\n`;
  });
}

interface Found {
  readonly asked: readonly RequestRecord[];
  readonly tables: number;
  readonly runs: readonly ExportedRun[];
}

/** Everything but the tables; the database is closed by now. Returns what there is, in words. */
function writeRest(
  out: Export,
  { asked, tables, runs }: Found,
  { root, experiment, withArtifacts, license }: ExportRequest & { readonly root: string },
): string {
  out.write(
    "schema.sql",
    Deno.readTextFileSync(new URL("../database/schema.sql", import.meta.url)),
    {
      name: "schema.sql",
      description: "The tables: what they hold, what each column means, and its unit",
      encodingFormat: "application/sql",
    },
  );
  for (const asking of asked) writeAsking(out, asking);
  for (const run of runs) {
    if (run.manifest !== undefined) copyRun(out, run, { root, withArtifacts });
  }
  const metadata = crateMetadata({ runs, asked, files: out.files(), license, experiment });
  out.write("ro-crate-metadata.json", `${JSON.stringify(metadata, null, 1)}\n`);
  const files = out.files();
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
  return `${tables} tables, ${counted(runs.length, "run")}, ${counted(asked.length, "asking")}; ` +
    `${files.length} files, ${bytesText(bytes)}`;
}

type Export = ReturnType<typeof openExport>;

function writeAsking(out: Export, asking: RequestRecord): void {
  const { id, experiment, asked, source } = asking;
  const name = `${experiment.replace(/[^\w.-]/g, "_")}-${id.slice(0, 8)}`;
  if (source !== undefined) {
    const changes = source.set.map((change) => ` --set '${change}'`).join("");
    out.write(`experiments/${name}.yaml`, source.text, {
      name: `${experiment}, as asked`,
      description: `asked ${asked}${changes === "" ? "" : `, changed by${changes}`}`,
      encodingFormat: "application/yaml",
    });
  }
  out.write(`state/asked/${id}.json`, `${JSON.stringify(asking)}\n`, {
    name: `runs of ${experiment}, asked ${asked}`,
    encodingFormat: "application/json",
  });
}

/** The manifest, and where wanted the artifact with its logs. */
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
      `a file of ${label} is not what its manifest says`,
      "run its experiment with --verify, which makes it again; or export without --with-artifacts",
      { place: { file: from }, exitCode: 1 },
    );
  }
  for (const name of namesIn(`${root}/${folder}/log`)) {
    out.copy(`${root}/${folder}/log/${name}`, `${folder}/log/${name}`, {
      name: `${label}: ${name}`,
    });
  }
}

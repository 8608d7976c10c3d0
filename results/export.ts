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
import { basename, dirname, resolve } from "node:path";
import { Complaint } from "../pipeline/complaint.ts";
import { bytesText } from "./bytes_text.ts";
import { crateMetadata } from "./crate.ts";
import { type ExportedRun, exportedRuns } from "./exported_runs.ts";
import { openExport } from "./export_folder.ts";
import { exportTables } from "./export_tables.ts";
import { readResults } from "./read_results.ts";
import { requireExperiment } from "./run_list.ts";
import { listAsked, names, type StoredAsked } from "./stored_files.ts";

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
  const target = resolve(request.folder);
  refuseUnlessFree(target);
  const temporary = `${dirname(target)}/.${basename(target)}.${Deno.pid}.part`;
  try {
    const out = openExport(temporary);
    const found = await readResults(root, async (connection) => {
      const { experiment } = request;
      if (experiment !== undefined) await requireExperiment(connection, experiment);
      const asked = listAsked(root)
        .filter((one) => experiment === undefined || one.experiment === experiment)
        .sort((one, other) => one.id < other.id ? -1 : 1);
      const askings = experiment === undefined ? undefined : asked.map(({ id }) => id);
      const tables = await exportTables(connection, out, askings);
      return { asked, tables, runs: await exportedRuns(connection, root, askings) };
    }, { warn });
    const text = writeRest(out, found, { ...request, root });
    Deno.renameSync(temporary, target);
    return `wrote ${request.folder}: ${text}\n`;
  } catch (error) {
    throw writeTrouble(error, target) ?? error;
  } finally {
    removeIfThere(temporary);
  }
}

interface Found {
  readonly asked: readonly StoredAsked[];
  readonly tables: number;
  readonly runs: readonly ExportedRun[];
}

/** Everything but the tables; the database is closed by now. Returns what there is, in words. */
function writeRest(
  out: Export,
  { asked, tables, runs }: Found,
  { root, experiment, withArtifacts, license }: ExportRequest & { readonly root: string },
): string {
  out.write("schema.sql", Deno.readTextFileSync(new URL("./schema.sql", import.meta.url)), {
    name: "schema.sql",
    description: "The tables: what they hold, what each column means, and its unit",
    encodingFormat: "application/sql",
  });
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

function writeAsking(out: Export, asking: StoredAsked): void {
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
  for (const name of names(`${root}/${folder}/log`)) {
    out.copy(`${root}/${folder}/log/${name}`, `${folder}/log/${name}`, {
      name: `${label}: ${name}`,
    });
  }
}

function refuseUnlessFree(folder: string): void {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new Complaint(
      "the export cannot be written here",
      "name a folder that is not there yet, or an empty one",
      { place: { file: folder }, cause: error },
    );
  }
  if (entries.length === 0) return;
  throw new Complaint(
    "this folder is not empty, and an export is a folder of its own",
    "name a folder that is not there yet, or an empty one",
    { place: { file: folder } },
  );
}

function writeTrouble(error: unknown, folder: string): Complaint | undefined {
  if (error instanceof Complaint) return error;
  const message = error instanceof Error ? error.message : String(error);
  const options = { place: { file: folder }, cause: error, exitCode: 1 } as const;
  if (/no space left on device|disk quota exceeded/i.test(message)) {
    return new Complaint(
      "the disk is full",
      "free some space and export again, or elsewhere; nothing of it was kept",
      options,
    );
  }
  if (/permission denied|read-only file system|not a directory/i.test(message)) {
    return new Complaint(
      "the export cannot be written here",
      "name another folder, or give yourself the right to write this one",
      options,
    );
  }
  return undefined;
}

function removeIfThere(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** `report`: the results of an experiment as Markdown and as an HTML page, from what is stored. Nothing is run. */
import { existsSync } from "node:fs";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { terminalTable } from "../findings/terminal_table.ts";
import { databaseFile } from "../database/database.ts";
import { readResults } from "../database/read_results.ts";
import { requireExperiment } from "../queries/run_list.ts";
import type { RequestRecord } from "../database/stored_files.ts";
import { changesText } from "../findings/request_change_text.ts";
import { findRequest, findRequestWith, type PresentRequest } from "../queries/find_request.ts";
import { countText } from "../text/number_text.ts";
import { emptyBlocks, markdownBlocks } from "./markdown/markdown.ts";
import { gatherReport, type ReportData } from "../findings/report_data.ts";
import { type Block, commentBytes, shortened, summaryBytes } from "./markdown/size_limit.ts";
import type { CommandPlace } from "../findings/reproduce.ts";

export interface ReportRequest {
  /** Name of an experiment, or `name~1` for the request before its last one. */
  readonly experiment: string;
  /** What its file requests now, where the experiment was given as a file. */
  readonly present?: PresentRequest;
  /** Its file, where the experiment was given as a file. */
  readonly file?: string;
  /**
   * Folders of pictures that an experiment reads from outside the store, by the label of the stage that
   * makes features of them. Empty where its file no longer exists.
   */
  readonly pictures?: (file: string, set: readonly string[]) => Readonly<Record<string, string>>;
  readonly set: readonly string[];
  /** Another request, to report what changed since. */
  readonly against?: { readonly name: string; readonly present?: PresentRequest };
  /** Absolute path of the folder to write; by default, one in the results folder. */
  readonly out?: string;
  /** How to write commands in the report. */
  readonly commands: CommandPlace;
}

/** @returns what `report` prints */
export async function reportCommand(
  root: string,
  request: ReportRequest,
  { warn }: { warn(line: string): void },
): Promise<string> {
  const { experiment, against } = request;
  const folder = request.out ?? `${root}/reports/${folderName(experiment, against?.name)}`;
  const empty = !existsSync(databaseFile(root)) && !existsSync(`${root}/artifacts`);
  // A name may be misspelt, but a file shows that the experiment exists.
  if (empty && request.file !== undefined) {
    return await writeEmpty(folder, request);
  }
  return await readResults(root, async (connection) => {
    const record = findReported(root, request, warn);
    if (record === undefined) {
      if (request.file === undefined) await requireExperiment(connection, experiment);
      return await writeEmpty(folder, request);
    }
    const other = against === undefined ? undefined : findOther(root, against, warn);
    const data = await gatherReport(connection, {
      root,
      request: record,
      pictures: request.pictures?.(request.file ?? record.file, record.source?.set ?? []) ?? {},
      ...(other !== undefined && { against: other }),
    });
    const headline = await terminalTable(connection, record.id, data.differences.compared);
    const written = await writeReport(folder, data, request);
    const changes = data.changes === undefined ? [] : [changesText(data.changes)];
    return [headlineText(data, headline), ...changes, ...written, ""].join("\n");
  }, { warn });
}

/** A name without `--set` is the last complete request, whatever it was set to. */
function findReported(
  root: string,
  { experiment, present, set }: ReportRequest,
  warn: (line: string) => void,
): RequestRecord | undefined {
  return present === undefined && set.length > 0
    ? findRequestWith(root, experiment, set)
    : findRequest(root, experiment, { present, warn });
}

function findOther(
  root: string,
  { name, present }: NonNullable<ReportRequest["against"]>,
  warn: (line: string) => void,
): RequestRecord {
  const found = findRequest(root, name, { present, warn });
  if (found !== undefined) return found;
  throw new Complaint(
    `this results folder has no experiment \`${name}\` to compare with`,
    "give --against the name or file of an experiment, or `name~1` for the request before its last one",
  );
}

/** Lines of at most 80 columns. */
function headlineText(
  { experiment, gaps: { all, complete, runs, metrics, ranks } }: ReportData,
  table: string,
): string {
  const evaluations = new Set(ranks.map(({ label }) => label)).size;
  const missing = [
    ...(runs.length > 0 ? [`${countText(runs.length, "run")} missing`] : []),
    ...(metrics.length > 0 ? [`${countText(metrics.length, "metric")} missing`] : []),
    ...(evaluations > 0
      ? [`ranks of queries missing in ${countText(evaluations, "evaluation")}`]
      : []),
  ];
  return [
    `${experiment}: ${complete} of ${all} runs complete`,
    ...missing,
    "",
    ...(table === "" ? ["no evaluation results yet"] : [table]),
    "",
  ].join("\n");
}

async function writeEmpty(
  folder: string,
  { experiment, file = "EXPERIMENT.yaml", commands: { task } }: ReportRequest,
): Promise<string> {
  const { emptyPage } = await import("./page/page.ts");
  return [
    `${experiment}: not run yet`,
    "",
    ...writeMarkdown(folder, emptyBlocks(experiment, file, task)),
    write(folder, "report.html", emptyPage(experiment, file, task)),
    "",
  ].join("\n");
}

async function writeReport(
  folder: string,
  data: ReportData,
  { commands: results }: ReportRequest,
): Promise<string[]> {
  const { reportPage } = await import("./page/page.ts");
  return [
    ...writeMarkdown(folder, markdownBlocks(data, { results })),
    write(folder, "report.html", await reportPage(data, { results })),
  ];
}

function writeMarkdown(folder: string, blocks: readonly Block[]): string[] {
  return [
    write(
      folder,
      "report.md",
      shortened(blocks, {
        bytes: summaryBytes,
        whole: "The HTML page next to it is complete.",
      }),
    ),
    write(
      folder,
      "report.comment.md",
      shortened(blocks, {
        bytes: commentBytes,
        whole: "The complete report is stored with the run.",
      }),
    ),
  ];
}

/** @returns a line with the path */
function write(folder: string, name: string, text: string): string {
  const path = `${folder}/${name}`;
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(path, text);
  } catch (cause) {
    throw new Complaint(
      `cannot write the report: ${(cause as Error).message}`,
      "choose another folder with --out DIR",
      { place: { file: path }, cause },
    );
  }
  return `wrote ${path}`;
}

function folderName(experiment: string, against: string | undefined): string {
  const safe = (word: string) => word.replace(/[^\w.~-]/g, "_");
  return against === undefined ? safe(experiment) : `${safe(experiment)}_against_${safe(against)}`;
}

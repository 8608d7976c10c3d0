/** `report`: what an experiment found, as Markdown and as one page, from what is stored. Nothing is run. */
import { existsSync } from "node:fs";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { terminalTable } from "../findings/terminal_table.ts";
import { databaseFile } from "../database/database.ts";
import { readResults } from "../database/read_results.ts";
import { requireExperiment } from "../queries/run_list.ts";
import type { RequestRecord } from "../database/stored_files.ts";
import { againstText } from "../findings/request_changes.ts";
import { findReported } from "./find_reported.ts";
import { emptyBlocks, markdownBlocks } from "./markdown/markdown.ts";
import { gatherReport, type ReportData } from "../findings/report_data.ts";
import { type Block, commentBytes, shortened, summaryBytes } from "./markdown/size_limit.ts";
import type { CommandPlace } from "../findings/reproduce.ts";

export interface ReportRequest {
  /** Name of an experiment, or `name~1` for what was asked before the last. */
  readonly experiment: string;
  /** Its file, where it was named by that. */
  readonly file?: string;
  /**
   * Where pictures lie that an experiment reads from outside: label of a stage that makes features ->
   * folder. Nothing where its file is not there any more.
   */
  readonly pictures?: (file: string, set: readonly string[]) => Readonly<Record<string, string>>;
  readonly set: readonly string[];
  /** Another asking: what changed since. */
  readonly against?: string;
  /** Absolute path of the folder to write; without, one in the results folder. */
  readonly out?: string;
  /** How the report writes commands. */
  readonly commands: CommandPlace;
}

/** @returns what `report` prints */
export async function reportCommand(
  root: string,
  request: ReportRequest,
  { warn }: { warn(line: string): void },
): Promise<string> {
  const { experiment, against } = request;
  const folder = request.out ?? `${root}/reports/${folderName(experiment, against)}`;
  const nothing = !existsSync(databaseFile(root)) && !existsSync(`${root}/artifacts`);
  // A name may be misspelt; a file says that there is such an experiment.
  if (nothing && request.file !== undefined) {
    return await writeEmpty(folder, request);
  }
  return await readResults(root, async (connection) => {
    const asked = findReported(root, experiment, request.set);
    if (asked === undefined) {
      if (request.file === undefined) await requireExperiment(connection, experiment);
      return await writeEmpty(folder, request);
    }
    const other = against === undefined ? undefined : findOther(root, against);
    const data = await gatherReport(connection, {
      root,
      asked,
      pictures: request.pictures?.(request.file ?? asked.file, asked.source?.set ?? []) ?? {},
      ...(other !== undefined && { against: other }),
    });
    const headline = await terminalTable(connection, asked.id, data.differences.compared);
    const written = await writeReport(folder, data, request);
    const changes = data.against === undefined ? [] : [againstText(data.against)];
    return [headlineText(data, headline), ...changes, ...written, ""].join("\n");
  }, { warn });
}

function findOther(root: string, against: string): RequestRecord {
  const found = findReported(root, against, []);
  if (found !== undefined) return found;
  throw new Complaint(
    `no experiment \`${against}\` was asked of this folder, so there is nothing to compare with`,
    "give --against an experiment's name or file, or `name~1` for what was asked before the last",
  );
}

/** Within 80 columns. */
function headlineText(
  { experiment, gaps: { all, complete, runs, metrics, ranks } }: ReportData,
  table: string,
): string {
  const lacks = [
    ...(runs.length > 0 ? [`${runs.length} runs are missing`] : []),
    ...(metrics.length > 0 ? [`${metrics.length} metrics are missing`] : []),
    ...(ranks.length > 0
      ? [`${new Set(ranks.map(({ label }) => label)).size} evaluations lack ranks of queries`]
      : []),
  ];
  return [
    `${experiment}: ${complete} of ${all} runs complete`,
    ...lacks,
    "",
    ...(table === "" ? ["nothing was evaluated yet"] : [table]),
    "",
  ].join("\n");
}

async function writeEmpty(
  folder: string,
  { experiment, file = "EXPERIMENT.yaml", commands: { task } }: ReportRequest,
): Promise<string> {
  const { emptyPage } = await import("./page/page.ts");
  return [
    `${experiment}: nothing was run yet`,
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
        whole: "The page beside it has all of it.",
      }),
    ),
    write(
      folder,
      "report.comment.md",
      shortened(blocks, {
        bytes: commentBytes,
        whole: "The whole report is kept with the run.",
      }),
    ),
  ];
}

/** @returns where it is, in words */
function write(folder: string, name: string, text: string): string {
  const path = `${folder}/${name}`;
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(path, text);
  } catch (cause) {
    throw new Complaint(
      `the report cannot be written: ${(cause as Error).message}`,
      "give another folder with --out DIR",
      { place: { file: path }, cause },
    );
  }
  return `wrote ${path}`;
}

function folderName(experiment: string, against: string | undefined): string {
  const safe = (word: string) => word.replace(/[^\w.~-]/g, "_");
  return against === undefined ? safe(experiment) : `${safe(experiment)}_against_${safe(against)}`;
}

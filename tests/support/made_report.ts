/** What `report` makes of made-up results. */
import { reportCommand } from "../../results/report/report_command.ts";
import { reportedExperiment, type ReportedOptions, storeReported } from "./reported_results.ts";
import { temporaryFolder } from "./temporary_folder.ts";

export interface MadeReport {
  readonly printed: string;
  readonly markdown: string;
  readonly page: string;
}

export interface ReportOptions {
  readonly experiment?: string;
  readonly against?: string;
  /** `--results`, as commands of the report name it. */
  readonly option?: string;
}

/** Of a results folder; the files lie in its `out`. */
export async function reportOf(
  root: string,
  { experiment = reportedExperiment, option = "", against }: ReportOptions = {},
): Promise<MadeReport> {
  const out = `${root}/out`;
  const commands = { task: "deno task", option };
  const other = against === undefined ? {} : { against: { name: against } };
  const request = { experiment, set: [], commands, out, ...other };
  const printed = await reportCommand(root, request, { warn() {} });
  const read = (file: string) => Deno.readTextFileSync(`${out}/${file}`);
  return { printed, markdown: read("report.md"), page: read("report.html") };
}

/** Of results that are made up for it; `change` does to them what it likes before. */
export async function madeReport(
  options: ReportedOptions,
  { change, ...report }: ReportOptions & { change?(root: string): void } = {},
): Promise<MadeReport> {
  using folder = temporaryFolder();
  await storeReported(folder.path, { pictures: false, ...options });
  change?.(folder.path);
  return await reportOf(folder.path, report);
}

/** What `report` makes of made-up results. */
import { reportCommand } from "../../results/report/report_command.ts";
import { reportedExperiment, type ReportedOptions, storeReported } from "./reported_results.ts";
import { temporaryFolder } from "./temporary_folder.ts";

export async function madeReport(options: ReportedOptions) {
  using folder = temporaryFolder();
  await storeReported(folder.path, { pictures: false, ...options });
  const out = `${folder.path}/out`;
  const request = {
    experiment: reportedExperiment,
    set: [],
    commands: { task: "deno task", option: "" },
    out,
  };
  const printed = await reportCommand(folder.path, request, { warn() {} });
  const [markdown, page] = ["report.md", "report.html"]
    .map((file) => Deno.readTextFileSync(`${out}/${file}`));
  return { printed, markdown: markdown!, page: page! };
}

/** `tensorboard`: exports curves and metrics as event files, one folder per run, for TensorBoard. */
import { requireExperiment } from "../queries/run_list.ts";
import { intoNewFolder } from "../../pipeline/disk/new_folder.ts";
import { countText } from "../text/number_text.ts";
import { readResults } from "../database/read_results.ts";
import { eventFile, type Scalar } from "./event_file.ts";
import { type CurveRun, curveRuns, runScalars } from "./run_scalars.ts";

export interface TensorboardRequest {
  /** The folder to create. */
  readonly folder: string;
  /** Name of an experiment; undefined for all runs. */
  readonly experiment?: string;
}

/** @returns what was done, in words */
export async function tensorboardCommand(
  root: string,
  { folder, experiment }: TensorboardRequest,
  { warn }: { warn(line: string): void },
): Promise<string> {
  return await intoNewFolder(folder, async (temporary) => {
    const found = await readResults(root, async (connection) => {
      if (experiment !== undefined) await requireExperiment(connection, experiment);
      const runs: { run: CurveRun; scalars: Scalar[] }[] = [];
      for (const run of await curveRuns(connection, experiment)) {
        runs.push({ run, scalars: await runScalars(connection, run) });
      }
      return runs;
    }, { warn });
    let count = 0;
    for (const { run, scalars } of found) {
      const own = `${temporary}/${folderName(run)}`;
      Deno.mkdirSync(own, { recursive: true });
      const second = Math.floor(run.started);
      const file = `${own}/events.out.tfevents.${second}.${run.run.slice(0, 8)}`;
      Deno.writeFileSync(file, eventFile(scalars, { time: run.started }));
      count += scalars.length;
    }
    return `wrote ${folder}: ${count.toLocaleString("en")} scalars of ${
      countText(found.length, "run")
    }\n` +
      `view them with: tensorboard --logdir ${folder}\n`;
  });
}

/** Replaces characters that folder names cannot have; the key separates runs with the same label. */
function folderName({ label, run }: CurveRun): string {
  return `${label.replace(/[/\\\0]/g, "_")} ${run.slice(0, 8)}`;
}

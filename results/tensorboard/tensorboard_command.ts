/** `tensorboard`: curves and metrics as event files, a folder per run, for `tensorboard --logdir DIR`. */
import { requireExperiment } from "../queries/run_list.ts";
import { intoNewFolder } from "../../pipeline/disk/new_folder.ts";
import { readResults } from "../database/read_results.ts";
import { eventFile, type Scalar } from "./event_file.ts";
import { type CurveRun, curveRuns, runScalars } from "./run_scalars.ts";

export interface TensorboardRequest {
  /** The folder to make. */
  readonly folder: string;
  /** Name of an experiment; all runs when undefined. */
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
    return `wrote ${folder}: ${count.toLocaleString("en")} numbers of ${found.length} runs\n` +
      `look at them with: tensorboard --logdir ${folder}\n`;
  });
}

/** A label can hold what no name of a folder may; the key tells runs of one label apart. */
function folderName({ label, run }: CurveRun): string {
  return `${label.replace(/[/\\\0]/g, "_")} ${run.slice(0, 8)}`;
}

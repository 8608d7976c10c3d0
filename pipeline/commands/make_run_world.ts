/** From the process of a command to the world in which its stages run. */
import { commandText } from "../terminal/terminal_text.ts";
import type { CommandWorld } from "./command_world.ts";
import type { Display } from "../terminal/display.ts";
import { fromFileUrl } from "../disk/file_path.ts";
import type { RunWorld } from "../run/run_world.ts";
import type { SharedRequest } from "./define_command.ts";
import { resultTables } from "../../results/database/result_tables.ts";
import { sourceDigest } from "../key/source_digest.ts";
import { thisMachine } from "../run/machine.ts";

export function makeRunWorld(
  { file, resultsOption }: SharedRequest & { readonly file: string },
  { world, display }: { readonly world: CommandWorld; readonly display: Display },
): RunWorld {
  const { stages, project, args, task } = world;
  const namesStages = args.some((word) => word === "--only" || word.startsWith("--only="));
  const query = "SELECT stage, split, alignment, metric, avg(value) FROM ablation " +
    "GROUP BY ALL ORDER BY ALL";
  return {
    ...world,
    display,
    worker: {
      program: Deno.execPath(),
      before: ["run", "--quiet", "--config", fromFileUrl(new URL("deno.json", project))],
      after: [fromFileUrl(world.entry), "worker"],
      // Modules that it imports later, and its lifeline.
      reads: [fromFileUrl(new URL("pipeline/", project)), fromFileUrl(stages.folder)],
      native: () => stages.computeAccess(),
    },
    machine: thisMachine(stages),
    resultTables,
    async openResultIndex(results) {
      const { openLiveIndex } = await import("../../results/database/live_index.ts");
      const { terminalTable } = await import("../../results/findings/terminal_table.ts");
      return openLiveIndex(results, { report: terminalTable });
    },
    reportSource: () =>
      sourceDigest([
        ...["findings/terminal_table.ts", "database/live_index.ts"]
          .map((name) => new URL(`results/${name}`, project)),
        new URL("deno.lock", project),
      ]),
    tryNext: [
      [task, "sql", `"${query}"`, commandText(resultsOption)].join(" ").trimEnd(),
      `${task} ${commandText(["run", file, ...resultsOption, "--plan"])}`,
    ],
    commandAgain: (...only) => `${task} ${commandText(namesStages ? args : [...args, ...only])}`,
  };
}

/** The command line: reads a command, runs it, and prints what went wrong. */
import { commandWorld } from "./commands/command_world.ts";
import { readCommand } from "./commands/read_command.ts";
import { reportError } from "./commands/report_error.ts";
import type { Stages } from "./contract/stages.ts";
import { warnOfOldResults } from "./commands/old_results.ts";

/**
 * Runs one command.
 *
 * @param args the command line after the program's name
 * @param entry the file that was started; a worker process starts it again with `worker`
 * @returns the exit code
 */
export async function main(
  args: readonly string[],
  { stages, entry }: { readonly stages: Stages; readonly entry: URL },
): Promise<number> {
  const project = new URL("../", import.meta.url);
  const environment = (name: string) => Deno.env.get(name);
  const world = commandWorld({ args, stages, entry, project, environment });
  let results = world.defaultResults;
  try {
    const { command, request } = readCommand(args, results);
    results = request.results;
    warnOfOldResults({ command, request }, world);
    return await command.run(request, world) ?? 0;
  } catch (error) {
    return reportError(error, results);
  }
}

if (import.meta.main) {
  const stages = await import("../stages/catalogue.ts");
  const folder = new URL("../stages/", import.meta.url);
  const entry = new URL(import.meta.url);
  Deno.exit(await main(Deno.args, { stages: { ...stages, folder }, entry }));
}

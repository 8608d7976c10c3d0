/** The command line: reads a command, runs it, and prints what went wrong. */
import { Complaint, ComplaintList } from "./contract/complaint.ts";
import { commandWorld } from "./commands/command_world.ts";
import { diskComplaint } from "./disk/disk_complaint.ts";
import { fromFileUrl } from "./disk/file_path.ts";
import { readCommand } from "./commands/read_command.ts";
import type { Stages } from "./contract/stages.ts";

const project = new URL("../", import.meta.url);

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
  const environment = (name: string) => Deno.env.get(name);
  let results = fromFileUrl(new URL("results", project));
  try {
    if (args[0] === "worker") {
      const { serveStages } = await import("./workers/worker.ts");
      return await serveStages(stages.catalogue);
    }
    const { command, request } = readCommand(args, results);
    results = request.results;
    const world = commandWorld({ args, stages, entry, project, environment });
    return await command.run(request, world) ?? 0;
  } catch (error) {
    return reportError(error, results);
  }
}

/** Prints an error and returns its exit code. */
function reportError(error: unknown, results: string): number {
  const known = error instanceof Complaint || error instanceof ComplaintList
    ? error
    : diskComplaint(error, results);
  if (known !== undefined) {
    console.error(String(known));
    return known.exitCode;
  }
  console.error(
    `internal: ${error instanceof Error ? error.stack ?? error.message : String(error)}`,
  );
  return 1;
}

if (import.meta.main) {
  const stages = await import("../stages/catalogue.ts");
  const folder = new URL("../stages/", import.meta.url);
  const entry = new URL(import.meta.url);
  Deno.exit(await main(Deno.args, { stages: { ...stages, folder }, entry }));
}

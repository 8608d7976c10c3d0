import { byteSize, count, flag, list } from "./options.ts";
import { Complaint } from "../contract/complaint.ts";
import { defineCommand } from "./define_command.ts";
import { experimentFile, jobs, json, only, set, threads } from "./shared_options.ts";
import { makeRunWorld } from "./make_run_world.ts";
import { run } from "../run/run.ts";

export const runCommand = defineCommand({
  name: "run",
  summary: "run the stages that are not stored yet, then print a report",
  details: "A stage runs again only if something that its result depends on has changed: its " +
    "code, its parameters or its inputs. STAGE is the name of a stage in the experiment. A " +
    "stage with a matrix has one point for each combination of values; 'tuned[seed=1]' selects " +
    "the points with that value. " +
    "With `threads: N` in the file, N is the default of --threads, and cores / N stages run at " +
    "once by default, but no more than one for every 2 GiB of memory. " +
    "Exit code 0: done. 1: a stage failed. 2: the request was wrong. 130: stopped by Ctrl-C.",
  arguments: { file: experimentFile },
  options: {
    plan: flag("show what would run and why; change nothing"),
    set,
    only,
    force: list("STAGE", "run this stage even if its result is stored"),
    verify: flag("first read all stored files and compare their digests"),
    jobs,
    threads,
    memory: byteSize("memory that stages may use at once (default: all)"),
    gpus: count("GPUs that stages may use at once (default: all)"),
    failFast: flag("stop the other stages when one fails"),
    quiet: flag("print only warnings, failures and the report"),
    json: { ...json, help: "print each event as one line of JSON" },
  },
  example: "experiments/smoke.yaml --set tuned.steps=20 --plan",
  async run({ plan: planOnly, memory, gpus, quiet, json, ...request }, world) {
    if (quiet && json) {
      throw new Complaint("`--quiet` and `--json` are both given", "give one of the two");
    }
    using display = world.openDisplay(json ? "events" : quiet ? "result" : "progress");
    return await run({
      ...request,
      planOnly,
      ...(memory !== undefined && { memory }),
      ...(gpus !== undefined && { gpus }),
    }, makeRunWorld(request, { world, display }));
  },
});

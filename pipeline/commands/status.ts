import { concurrencyOf } from "../run/concurrency.ts";
import { checkStored } from "../plan/stored_check.ts";
import { defineCommand } from "./define_command.ts";
import { experimentStatus, experimentText, folderStatus, folderText } from "../explain/status.ts";
import { json, set, threads } from "./shared_options.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { lastRequest } from "../store/request_record.ts";
import { openStore } from "../store/artifact_store.ts";
import { flag, optional } from "./options.ts";
import { moveOldResultsOf, oldResultsText } from "./old_results.ts";
import { planRun } from "../plan/plan.ts";
import { readRequest } from "../experiment/read_request.ts";

export const statusCommand = defineCommand({
  name: "status",
  summary: "show what is stored, running, failed or still to run",
  details: "With an experiment file: stage by stage. Without: one line for each experiment that " +
    "was ever run, and what takes up disk space. Changes nothing, except with " +
    "--move-old-results.",
  arguments: { file: optional("EXPERIMENT.yaml", "an experiment file") },
  options: {
    set,
    threads,
    json,
    moveOldResults: flag("move results of an earlier version to results/store"),
  },
  example: "experiments/smoke.yaml",
  async run({ file, set, json, moveOldResults, ...request }, world) {
    const remark = json ? world.warn : (text: string) => world.print(`${text}\n`);
    if (moveOldResults) remark(await moveOldResultsOf(request, world));
    const store = openStore(request.results);
    const print = <Status>(status: Status, text: (status: Status) => string) => {
      world.print((json ? JSON.stringify(status, null, 1) : text(status)) + "\n");
      const old = oldResultsText(request, world);
      if (old !== undefined) remark(`\n${old}`);
    };
    if (file === undefined) return print(folderStatus(store), folderText);
    using display = world.openDisplay();
    const { experiment, graph } = readRequest({ file, set }, world);
    const { threads } = concurrencyOf(request, experiment, world);
    const { nodes } = await keyRequest(graph, { experiment: file, threads, only: [] }, {
      ...world,
      store,
      progress: display.task("digests"),
    });
    const last = lastRequest(store, experiment.name);
    const before = new Map(last?.nodes.map(({ label, preimage }) => [label, preimage]));
    const find = await checkStored(nodes, store, {
      everything: false,
      writes: false,
      progress: () => display.task("store"),
    });
    const plan = planRun(nodes, { find, previous: ({ label }) => before.get(label) });
    print(experimentStatus(plan, store, { experiment: experiment.name, file }), experimentText);
  },
});

import { openStore } from "../store/artifact_store.ts";
import { lastRequest } from "../store/request_record.ts";
import type { KeyWorld } from "./key_world.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { planRun } from "../plan/plan.ts";
import { readRequest } from "../experiment/read_request.ts";
import { checkStored } from "../plan/stored_check.ts";
import { experimentStatus, experimentText, folderStatus, folderText } from "../explain/status.ts";

export interface StatusRequest {
  /** Absolute path of the results folder. */
  readonly results: string;
  /** Without one, all experiments that were ever asked. */
  readonly file?: string;
  readonly set: readonly string[];
  readonly threads: number;
  readonly json: boolean;
}

/** @returns what `status` prints; writes nothing */
export async function statusCommand(
  { results, file, set, threads, json }: StatusRequest,
  world: KeyWorld,
): Promise<string> {
  const store = openStore(results);
  const print = <Status>(status: Status, text: (status: Status) => string) =>
    (json ? JSON.stringify(status, null, 1) : text(status)) + "\n";
  if (file === undefined) return print(folderStatus(store), folderText);
  const { experiment, graph } = readRequest({ file, set }, world);
  const { nodes } = await keyRequest(graph, { experiment: file, threads, only: [] }, {
    ...world,
    store,
    progress: world.display.task("digests"),
  });
  const before = new Map(
    lastRequest(store, experiment.name)?.nodes.map(({ label, preimage }) => [label, preimage]),
  );
  const find = await checkStored(nodes, store, {
    everything: false,
    writes: false,
    progress: () => world.display.task("store"),
  });
  const plan = planRun(nodes, {
    find,
    previous: ({ label }) => before.get(label),
  });
  return print(
    experimentStatus(plan, store, { experiment: experiment.name, file }),
    experimentText,
  );
}

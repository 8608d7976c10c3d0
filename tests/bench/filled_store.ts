/** Fills a results folder with what an experiment's stages would leave, without running them. */
import { openStore } from "../../pipeline/store/artifact_store.ts";
import { beginPending, commitPending, sealPending } from "../../pipeline/store/commit.ts";
import { keyRequest } from "../../pipeline/plan/key_graph.ts";
import { manifestFormat } from "../../pipeline/store/manifest.ts";
import { readRequest } from "../../pipeline/experiment/read_request.ts";
import { silentProgress } from "../../pipeline/contract/progress.ts";
import type { Stages } from "../../pipeline/contract/stages.ts";

/** @param file the experiment @param results absolute path of the results folder */
export async function fillStore(file: string, results: string, stages: Stages): Promise<void> {
  const project = new URL("../../", import.meta.url);
  const world = { catalogue: stages.catalogue, environment: () => undefined, comparisons: [] };
  const { experiment, graph } = readRequest({ file, set: [] }, world);
  const store = openStore(results);
  store.prepare();
  const { nodes } = await keyRequest(graph, { experiment: file, threads: 1, only: [] }, {
    store,
    stages,
    project,
    progress: silentProgress,
  });
  const digests = new Map<string, string>();
  for (const { key, preimage, definition, inputs, label, stage, point } of nodes) {
    const pending = beginPending(store.pendingFolder(key), { resumable: false });
    Deno.writeTextFileSync(`${pending.artifact}/numbers.txt`, `${key}\n`);
    Deno.writeTextFileSync(`${pending.log}/log.txt`, "");
    const manifest = await sealPending(pending, {
      format: manifestFormat,
      key,
      preimage,
      output: definition.output,
      inputDigests: Object.fromEntries(
        Object.entries(inputs).map(([port, from]) => [port, digests.get(from)!]),
      ),
      circumstances: {
        experiment: experiment.name,
        label,
        stage,
        point,
        why: "not computed yet",
        started: "2026-01-01T00:00:00.000Z",
        seconds: 0.01,
        host: "bench",
        versions: { deno: Deno.version.deno },
      },
    });
    commitPending(store, manifest);
    digests.set(label, manifest.digest);
  }
}

import assert from "node:assert/strict";
import { silentProgress } from "../../../pipeline/contract/progress.ts";
import { fileState } from "../../../pipeline/disk/file_state.ts";
import { keyRequest } from "../../../pipeline/plan/key_graph.ts";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { toyGraph } from "../../support/toy_graph.ts";
import { toyStages } from "../../support/toy_main.ts";

Deno.test("nodes that compute, and no others, keep the state that the library had before its identity was found", async () => {
  using folder = temporaryFolder();
  const library = `${folder.path}/library.so`;
  Deno.writeTextFileSync(library, "one");
  const before = { path: library, state: fileState(library) };
  const graph = toyGraph(
    "name: toy\nseed: 1\nstages:\n" +
      "  numbers: { use: toy_numbers }\n  tuned: { use: toy_train, numbers: numbers }\n",
  );
  const { nodes } = await keyRequest(graph, { experiment: "toy.yaml", threads: 1, only: [] }, {
    store: openStore(`${folder.path}/results`),
    stages: {
      folder: toyStages.folder,
      computeFiles: () => [library],
      computeFingerprint() {
        Deno.writeTextFileSync(library, "another one");
        return { library: "that of the other one" };
      },
    },
    project: new URL("../../../", import.meta.url),
    progress: silentProgress,
  });
  assert.deepEqual(nodes.map(({ label, library }) => [label, library]), [
    ["numbers", undefined],
    ["tuned", [before]],
  ]);
});

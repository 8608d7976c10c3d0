import type { Found } from "../../pipeline/store/artifact_store.ts";
import { type KeyedNode, keyNodes } from "../../pipeline/key/key.ts";
import { digestOfFiles, type Manifest } from "../../pipeline/store/manifest.ts";
import { toyGraph } from "./toy_graph.ts";

const code = new Map([["toy_numbers", "a"], ["toy_train", "b"], ["toy_evaluate", "c"]]);

/** Keyed nodes of an experiment over toy stages, with made-up code digests. */
export function toyNodes(text: string, codes: ReadonlyMap<string, string> = code): KeyedNode[] {
  return keyNodes(toyGraph(text), { code: codes, compute: {} });
}

/** A store that holds complete artifacts of the nodes; the content of each is its key. */
export function completeNodes(nodes: readonly KeyedNode[]): Map<string, Found> {
  return new Map(nodes.map((node) => [
    node.key,
    { state: "complete", manifest: manifest(node), touched: [] },
  ]));

  function manifest(node: KeyedNode): Manifest {
    const files = (key: string) => [{ path: "file", size: 1, sha256: key }];
    const inputs = Object.entries(node.preimage.inputs);
    return {
      format: 1,
      key: node.key,
      preimage: node.preimage,
      output: node.definition.output,
      inputDigests: Object.fromEntries(
        inputs.map(([port, key]) => [port, digestOfFiles(files(key))]),
      ),
      files: files(node.key),
      digest: digestOfFiles(files(node.key)),
      circumstances: {
        experiment: "toy",
        label: node.label,
        stage: node.stage,
        point: node.point,
        why: "not computed yet",
        started: "2026-01-01T00:00:00.000Z",
        seconds: 1,
        host: "host",
        versions: {},
      },
    };
  }
}

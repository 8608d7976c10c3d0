/** From a checked graph to the keys of its nodes: code, compute fingerprint and outside files looked at. */
import { type ArtifactStore, readIfThere, writeWhole } from "./artifact_store.ts";
import { type CodeCache, codeDigests } from "./code_digest.ts";
import type { Display } from "./display.ts";
import { type KeyedNode, keyNodes } from "./fingerprint.ts";
import type { GraphNode } from "./graph.ts";
import { type OutsideCache, outsideDigests } from "./outside_files.ts";
import { neededFor } from "./plan.ts";
import type { Stages } from "./run.ts";

export interface KeyedRequest {
  /** Inputs first. */
  readonly nodes: KeyedNode[];
  /** Keeps what need not be found out again; the store's folders must be there. */
  saveCaches(): void;
}

/**
 * @param graph inputs first
 * @throws Complaint for files from outside that are missing and for code that cannot be read
 */
export async function keyRequest(
  graph: readonly GraphNode[],
  { experiment, threads, only }: {
    /** File of the experiment, for messages. */
    readonly experiment: string;
    readonly threads: number;
    readonly only: readonly string[];
  },
  { store, stages, project, display }: {
    readonly store: ArtifactStore;
    readonly stages: Pick<Stages, "folder" | "computeFingerprint">;
    readonly project: URL;
    readonly display: Display;
  },
): Promise<KeyedRequest> {
  const outsideCache = openCache<OutsideCache>(store, "outside_digests.json");
  const outside = await outsideDigests(neededFor(graph, only), {
    experiment,
    cache: outsideCache.content,
    progress: () => display.task("digests"),
  });
  const codeCache = openCache<CodeCache>(store, "code_digests.json");
  const names = [...new Set(graph.map(({ definition }) => definition.name))];
  const urls = names.map((name) => new URL(`${name}.ts`, stages.folder));
  const digests = await codeDigests(urls, { root: project, cache: codeCache.content });
  const code = new Map(names.map((name, index) => [name, digests.get(urls[index]!.href)!]));
  const computes = graph.some(({ definition }) => definition.compute);
  const compute = computes ? await stages.computeFingerprint({ threads }) : {};
  return {
    nodes: keyNodes(graph, { code, compute, outside }),
    saveCaches() {
      codeCache.save();
      outsideCache.save();
    },
  };
}

/** A small file of what need not be found out again; one that cannot be read is begun anew. */
function openCache<Content extends object>(store: ArtifactStore, name: string) {
  const file = store.stateFile(name);
  const before = readIfThere(file) ?? "{}";
  const content = parsed() as Content;
  return {
    content,
    save() {
      const after = JSON.stringify(content);
      if (after !== before) writeWhole(file, after);
    },
  };

  function parsed(): unknown {
    try {
      return JSON.parse(before);
    } catch {
      return {};
    }
  }
}

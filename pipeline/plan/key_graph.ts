/** From a checked graph to the keys of its nodes: code, compute fingerprint and outside files looked at. */
import { type ArtifactStore } from "../store/artifact_store.ts";
import { readIfThere } from "../disk/read_if_there.ts";
import { type CodeCache, codeDigests } from "../key/code_digest.ts";
import type { StageCode } from "../store/code_record.ts";
import { fromFileUrl, relativePath } from "../disk/file_path.ts";
import { type KeyedNode, keyNodes } from "../key/key.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import {
  type OutsideCache,
  type OutsideDigests,
  outsideDigests,
  outsideStates,
} from "../key/outside_files.ts";
import { neededFor } from "../experiment/selection.ts";
import type { Progress } from "../contract/progress.ts";
import type { Stages } from "../contract/stages.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface KeyedRequest {
  /** Inputs first; without those that are not needed and read what is not there. */
  readonly nodes: KeyedNode[];
  /** Name of a stage definition -> its code. */
  readonly code: ReadonlyMap<string, StageCode>;
  /** Keeps what need not be found out again; the store's folders must be there. */
  saveCaches(): void;
}

/**
 * @param graph inputs first
 * @throws Complaint for files from outside that are missing and for code that cannot be read
 */
export async function keyRequest(
  graph: readonly GraphNode[],
  { experiment, threads, only, writes = false }: {
    /** File of the experiment, for messages. */
    readonly experiment: string;
    readonly threads: number;
    readonly only: readonly string[];
    /** Digests of large files are kept as soon as they are known: the store may be written. */
    readonly writes?: boolean;
  },
  { store, stages, project, progress }: {
    readonly store: ArtifactStore;
    readonly stages: Pick<Stages, "folder" | "computeFingerprint">;
    readonly project: URL;
    /** Of computing digests of large files. */
    readonly progress: Progress;
  },
): Promise<KeyedRequest> {
  const outsideCache = openCache<OutsideCache>(store, "outside_digests.json");
  const outside = await outsideDigests(graph, {
    needed: neededFor(graph, only),
    experiment,
    cache: outsideCache.content,
    progress: () => progress,
    keep() {
      if (writes) store.prepare();
      outsideCache.saveIfPossible();
    },
  });
  const codeCache = openCache<CodeCache>(store, "code_digests.json");
  const names = [...new Set(graph.map(({ definition }) => definition.name))];
  const urls = names.map((name) => new URL(`${name}.ts`, stages.folder));
  const digests = await codeDigests(urls, { root: project, cache: codeCache.content });
  const root = fromFileUrl(project);
  const stageCode = new Map(names.map((name, index) => {
    const stage = relativePath(root, fromFileUrl(urls[index]!));
    return [name, { stage, root, entry: codeCache.content[stage]! }];
  }));
  const code = new Map(names.map((name, index) => [name, digests.get(urls[index]!.href)!]));
  const computes = graph.some(({ definition }) => definition.compute);
  const compute = computes ? await stages.computeFingerprint({ threads }) : {};
  return {
    nodes: keyNodes(keyable(graph, outside), { code, compute, outside })
      .map((node) => ({ ...node, watched: outsideStates(node, outsideCache.content) })),
    code: stageCode,
    saveCaches() {
      codeCache.save();
      outsideCache.save();
    },
  };
}

/** Without nodes that read from outside what is not there, and all that is made of them. */
function keyable(graph: readonly GraphNode[], outside: OutsideDigests): GraphNode[] {
  const left = new Set<string>();
  return graph.filter(({ label, inputs, ...node }) => {
    const lacks = (node.outside.length > 0 && !outside.has(label)) ||
      Object.values(inputs).some((input) => left.has(input));
    if (lacks) left.add(label);
    return !lacks;
  });
}

/** A small file of what need not be found out again; one that cannot be read is begun anew. */
function openCache<Content extends object>(store: ArtifactStore, name: string) {
  const file = store.stateFile(name);
  let before = readIfThere(file) ?? "{}";
  const content = parsed() as Content;
  const save = () => {
    const after = JSON.stringify(content);
    if (after !== before) writeAtomically(file, after);
    before = after;
  };
  return {
    content,
    save,
    /** Without the folder, or the right to write it, it has to be found out again. */
    saveIfPossible() {
      try {
        save();
      } catch {
        before = "";
      }
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

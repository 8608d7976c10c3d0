/** Computes the keys of a graph's nodes from code, compute fingerprint and outside files. */
import { type ArtifactStore } from "../store/artifact_store.ts";
import { type FileState, fileState } from "../disk/file_state.ts";
import { codeCacheSchema, codeDigests } from "../key/code_digest.ts";
import type { StageCode } from "../store/code_record.ts";
import { fromFileUrl, relativePath } from "../disk/file_path.ts";
import { type KeyedNode, keyNodes } from "../key/key.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import {
  outsideCacheSchema,
  type OutsideDigests,
  outsideDigests,
  outsideStates,
} from "../key/outside_files.ts";
import { neededFor } from "../experiment/selection.ts";
import type { Progress } from "../contract/progress.ts";
import type { Stages } from "../contract/stages.ts";
import { storedContent, type StoredSchema } from "../disk/stored_json.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface KeyedRequest {
  /** Inputs first; omits nodes that are not needed and whose outside files are missing. */
  readonly nodes: KeyedNode[];
  /** Kind of stage -> its code. */
  readonly code: ReadonlyMap<string, StageCode>;
  /** Saves the caches of digests; the store's folders must exist. */
  saveCaches(): void;
}

/**
 * @param graph inputs first
 * @throws Complaint about missing outside files and about code that cannot be read
 */
export async function keyRequest(
  graph: readonly GraphNode[],
  { experiment, threads, only, writes = false }: {
    /** File of the experiment, for messages. */
    readonly experiment: string;
    readonly threads: number;
    readonly only: readonly string[];
    /** The store may be written, so digests of large files are saved as soon as they are known. */
    readonly writes?: boolean;
  },
  { store, stages, project, progress }: {
    readonly store: ArtifactStore;
    readonly stages: Pick<Stages, "folder" | "computeFiles" | "computeFingerprint">;
    readonly project: URL;
    /** For computing digests of large files. */
    readonly progress: Progress;
  },
): Promise<KeyedRequest> {
  const outsideCache = openCache(store, "outside_digests.json", outsideCacheSchema);
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
  const codeCache = openCache(store, "code_digests.json", codeCacheSchema);
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
  const library = computes ? statesOf(stages.computeFiles()) : [];
  const compute = computes ? await stages.computeFingerprint({ threads }) : {};
  return {
    nodes: keyNodes(keyable(graph, outside), { code, compute, outside })
      .map((node) => ({
        ...node,
        watched: outsideStates(node, outsideCache.content),
        ...(node.definition.compute && { library }),
      })),
    code: stageCode,
    saveCaches() {
      codeCache.save();
      outsideCache.save();
    },
  };
}

function statesOf(paths: readonly string[]): FileState[] {
  return paths.map((path) => ({ path, state: fileState(path) }));
}

/** Omits nodes with missing outside files, and everything downstream of them. */
function keyable(graph: readonly GraphNode[], outside: OutsideDigests): GraphNode[] {
  const omitted = new Set<string>();
  return graph.filter(({ label, inputs, ...node }) => {
    const incomplete = (node.outside.length > 0 && !outside.has(label)) ||
      Object.values(inputs).some((input) => omitted.has(input));
    if (incomplete) omitted.add(label);
    return !incomplete;
  });
}

/** A cache in a small JSON file; starts empty if the file cannot be read. */
function openCache<Content extends object>(
  store: ArtifactStore,
  name: string,
  schema: StoredSchema<Content>,
) {
  const file = store.stateFile(name);
  const content = storedContent(file, schema) ?? {} as Content;
  let before = JSON.stringify(content);
  const save = () => {
    const after = JSON.stringify(content);
    if (after !== before) writeAtomically(file, after);
    before = after;
  };
  return {
    content,
    save,
    /** Ignores errors, such as a missing folder or missing permissions. */
    saveIfPossible() {
      try {
        save();
      } catch {
        before = "";
      }
    },
  };
}

/**
 * Records of requests, kept as files next to the artifacts: which experiment needs which stage runs.
 * The database is filled from them. The text of the last report is kept for the next identical
 * request, when nothing has to run.
 */
import { type ArtifactStore } from "./artifact_store.ts";
import { readIfThere } from "../disk/read_if_there.ts";
import { canonicalDigest } from "../disk/canonical.ts";
import type { Preimage } from "../key/key.ts";
import type { Scalar } from "../contract/stage.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface RequestRecord {
  /** Digest of everything except `asked` and `source`. */
  readonly id: string;
  readonly experiment: string;
  readonly file: string;
  readonly baseline: Readonly<Record<string, Scalar>>;
  /** Name of the published results that it is compared with. */
  readonly compare?: string;
  readonly nodes: readonly RequestedNode[];
  /** Time of the last such request: ISO 8601, UTC. */
  readonly asked: string;
  /** Its last source text; requests with different texts that need the same runs are one request. */
  readonly source?: RequestSource;
}

export interface RequestSource {
  /** Content of the experiment file. */
  readonly text: string;
  /** The changes given with `--set`. */
  readonly set: readonly string[];
}

export interface RequestedNode {
  readonly label: string;
  readonly stage: string;
  readonly point: Readonly<Record<string, Scalar>>;
  readonly key: string;
  readonly preimage: Preimage;
}

export function requestRecord(
  nodes: readonly RequestedNode[],
  { experiment, file, baseline, compare, asked, source }: Omit<RequestRecord, "id" | "nodes">,
): RequestRecord {
  const kept = nodes.map(({ label, stage, point, key, preimage }) => ({
    label,
    stage,
    point,
    key,
    preimage,
  }));
  const id = canonicalDigest([
    "asked",
    experiment,
    file,
    baseline,
    compare ?? null,
    kept.map(({ label, key }) => [label, key]),
  ]);
  return {
    id,
    experiment,
    file,
    baseline,
    ...(compare !== undefined && { compare }),
    nodes: kept,
    asked,
    ...(source !== undefined && { source }),
  };
}

/** Keeps the request and marks it as the last one of its experiment. */
export function keepRequest(store: ArtifactStore, record: RequestRecord): void {
  Deno.mkdirSync(store.stateFile("asked"), { recursive: true });
  Deno.mkdirSync(store.stateFile("last"), { recursive: true });
  writeAtomically(requestFile(store, record.id), JSON.stringify(record) + "\n");
  writeAtomically(store.stateFile(`last/${record.experiment}`), record.id + "\n");
}

/** The last request of an experiment, if it can be read. */
export function lastRequest(store: ArtifactStore, experiment: string): RequestRecord | undefined {
  const id = readIfThere(store.stateFile(`last/${experiment}`))?.trim();
  const text = id === undefined ? undefined : readIfThere(requestFile(store, id));
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The report that was printed for a request; undefined when it has to be computed. */
export function keptReport(store: ArtifactStore, id: string): string | undefined {
  return readIfThere(store.stateFile(`asked/${id}.txt`));
}

export function keepReport(store: ArtifactStore, id: string, text: string): void {
  writeAtomically(store.stateFile(`asked/${id}.txt`), text);
}

function requestFile(store: ArtifactStore, id: string): string {
  return store.stateFile(`asked/${id}.json`);
}

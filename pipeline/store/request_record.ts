/**
 * Records of requests, kept as files next to the artifacts: which experiment needs which stage runs.
 * The database is filled from them. The text of the last report is kept for the next identical
 * request, when nothing has to run.
 */
import * as v from "valibot";
import { type ArtifactStore } from "./artifact_store.ts";
import {
  moveOldRequests,
  oldRequestFolder,
  requestFolder,
  withRequestedTime,
} from "./old_requests.ts";
import { canonicalDigest } from "../disk/canonical.ts";
import { filesIn } from "../disk/listing.ts";
import { preimageSchema, scalarSchema } from "./manifest.ts";
import type { Preimage } from "../key/key.ts";
import type { Scalar } from "../contract/stage.ts";
import {
  checkStoredValue,
  readStoredJson,
  readStoredText,
  type StoredJson,
  type StoredSchema,
} from "../disk/stored_json.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface RequestRecord {
  /** Digest of everything except `requested` and `source`. */
  readonly id: string;
  readonly experiment: string;
  readonly file: string;
  readonly baseline: Readonly<Record<string, Scalar>>;
  /** Name of the published results that it is compared with. */
  readonly compare?: string;
  readonly nodes: readonly RequestedNode[];
  /** Time of the last such request: ISO 8601, UTC. */
  readonly requested: string;
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

const points = v.record(v.string(), scalarSchema);

const requestSchema = v.looseObject({
  id: v.string(),
  experiment: v.string(),
  file: v.string(),
  baseline: points,
  compare: v.optional(v.string()),
  nodes: v.array(v.looseObject({
    label: v.string(),
    stage: v.string(),
    point: points,
    key: v.string(),
    preimage: preimageSchema,
  })),
  requested: v.pipe(v.string(), v.isoTimestamp()),
  source: v.optional(v.looseObject({ text: v.string(), set: v.array(v.string()) })),
}) as unknown as StoredSchema<RequestRecord>;

export function requestRecord(
  nodes: readonly RequestedNode[],
  { experiment, file, baseline, compare, requested, source }: Omit<RequestRecord, "id" | "nodes">,
): RequestRecord {
  const kept = nodes.map(({ label, stage, point, key, preimage }) => ({
    label,
    stage,
    point,
    key,
    preimage,
  }));
  const id = canonicalDigest([
    "asked", // the tag of the first version, so that ids stay
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
    requested,
    ...(source !== undefined && { source }),
  };
}

/** Keeps the request and marks it as the last one of its experiment. */
export function keepRequest(store: ArtifactStore, record: RequestRecord): void {
  Deno.mkdirSync(store.stateFile(requestFolder), { recursive: true });
  Deno.mkdirSync(store.stateFile("last"), { recursive: true });
  moveOldRequests(store);
  writeAtomically(requestFile(store, record.id), JSON.stringify(record) + "\n");
  writeAtomically(store.stateFile(`last/${record.experiment}`), record.id + "\n");
}

/** The last request of an experiment, if it can be read. */
export function lastRequest(store: ArtifactStore, experiment: string): RequestRecord | undefined {
  const last = textIn(store.stateFile(`last/${experiment}`));
  if (last === undefined) return undefined;
  const id = last.trim();
  return latest(
    [requestFolder, oldRequestFolder].map((folder) =>
      readRecord(store.stateFile(`${folder}/${id}.json`))
    ),
  );
}

/**
 * Every request that can be read, sorted by id.
 *
 * @param state the folder `state` of a results folder
 */
export function readRequests(state: string): RequestRecord[] {
  const records = [requestFolder, oldRequestFolder].flatMap((folder) =>
    filesIn(`${state}/${folder}`, { ending: ".json" })
      .map((name) => readRecord(`${state}/${folder}/${name}`))
  );
  const byId = Map.groupBy(records, (record) => record?.id);
  return [...byId.values()].flatMap((same) => latest(same) ?? [])
    .sort((a, b) => a.id < b.id ? -1 : 1);
}

/** What a kept report was made for. */
export interface ReportedRequest {
  /** Of the request. */
  readonly id: string;
  /** Digest of what decides the text beside the request: the results, and the report's own code. */
  readonly basis: string;
}

/** What is said where several files have an experiment of the same name. */
export function sharedNameWarning(name: string, files: readonly string[]): string {
  return `warning: ${files.join(" and ")} have the same name, \`${name}\`: by this name, reports ` +
    "and questions show whichever ran last; change `name` in one of them";
}

/** The report that was printed for a request; undefined when it has to be computed. */
export function keptReport(
  store: ArtifactStore,
  { id, basis }: ReportedRequest,
): string | undefined {
  const kept = textIn(reportFile(store, id));
  return kept?.startsWith(`${basis}\n`) ? kept.slice(basis.length + 1) : undefined;
}

export function keepReport(
  store: ArtifactStore,
  { id, basis }: ReportedRequest,
  text: string,
): void {
  writeAtomically(reportFile(store, id), `${basis}\n${text}`);
}

export function requestFile(store: ArtifactStore, id: string): string {
  return store.stateFile(`${requestFolder}/${id}.json`);
}

export function reportFile(store: ArtifactStore, id: string): string {
  return store.stateFile(`${requestFolder}/${id}.txt`);
}

/** A request as this or an earlier version wrote it. */
export function readRequest(path: string): StoredJson<RequestRecord> {
  const stored = readStoredJson(path, v.looseObject({}));
  return stored.state === "read"
    ? checkStoredValue(withRequestedTime(stored.content as unknown as RequestRecord), requestSchema)
    : stored;
}

function readRecord(path: string): RequestRecord | undefined {
  const stored = readRequest(path);
  return stored.state === "read" ? stored.content : undefined;
}

function textIn(path: string): string | undefined {
  const text = readStoredText(path);
  return text.state === "read" ? text.content : undefined;
}

/** Of the same request, if an earlier version repeated it in its own folder. */
function latest(records: readonly (RequestRecord | undefined)[]): RequestRecord | undefined {
  return records.filter((record) => record !== undefined)
    .reduce<RequestRecord | undefined>(
      (last, record) => last === undefined || record.requested > last.requested ? record : last,
      undefined,
    );
}

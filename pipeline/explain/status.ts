/** `status`: what is stored, running or still to run, for one experiment or for a whole results folder. */
import { type ArtifactStore } from "../store/artifact_store.ts";
import { filesIn } from "../disk/listing.ts";
import { exists } from "../disk/read_if_there.ts";
import { lastRequest, type RequestRecord } from "../store/request_record.ts";
import { type DiskUse, diskUse } from "../disk/disk_use.ts";
import { type FailureRecord, readFailure } from "../store/failure_record.ts";
import { isFileLocked } from "../disk/file_lock.ts";
import type { Manifest } from "../store/manifest.ts";
import { type Planned, whyText } from "../plan/plan.ts";
import { textTable } from "../terminal/text_table.ts";
import { bytesText, minuteText } from "../terminal/terminal_text.ts";

/** Number of stage runs in each state; every run is in exactly one. */
export interface Counts {
  readonly stored: number;
  readonly toRun: number;
  /** Running now, in any process. */
  readonly running: number;
  /** Not stored, with a failed last attempt. */
  readonly failed: number;
  /** Size of the stored results. */
  readonly bytes: number;
}

export interface StageStatus extends Counts {
  readonly stage: string;
}

export interface ExperimentStatus extends Counts {
  readonly experiment: string;
  readonly file: string;
  readonly stages: readonly StageStatus[];
  /** The runs that are not stored, in an order in which they can run. */
  readonly waiting: readonly {
    readonly label: string;
    readonly key: string;
    readonly state: "to run" | "running" | "failed";
    readonly why: string;
    readonly failure?: FailureRecord;
    /** Path of the log relative to the results folder; absent if there is none. */
    readonly log?: string;
  }[];
}

/** @param plan the plan of a run now */
export function experimentStatus(
  plan: readonly Planned[],
  store: ArtifactStore,
  { experiment, file }: { readonly experiment: string; readonly file: string },
): ExperimentStatus {
  const each = plan.map((planned) => ({ planned, ...stateNow(planned, store) }));
  const stages = [...Map.groupBy(each, ({ planned }) => planned.node.stage)]
    .map(([stage, nodes]) => ({ stage, ...counted(nodes) }));
  const waiting = each.flatMap(({ planned, state, failure }) => {
    if (planned.action === "hit" || state === "stored") return [];
    const { label, key } = planned.node;
    const log = logOf(store, key);
    return [{
      label,
      key,
      state,
      why: whyText(planned.why),
      ...(failure !== undefined && { failure }),
      ...(log !== undefined && { log }),
    }];
  });
  return { experiment, file, ...counted(each), stages, waiting };
}

export interface FolderStatus {
  /** The last request of every experiment, the latest first. */
  readonly experiments: readonly (Counts & {
    readonly experiment: string;
    readonly file: string;
    /** Time of the request: ISO 8601, UTC. */
    readonly requested: string;
  })[];
  readonly disk: readonly DiskUse[];
}

export function folderStatus(store: ArtifactStore): FolderStatus {
  const experiments = lastRequests(store).map((record) => ({
    experiment: record.experiment,
    file: record.file,
    requested: record.requested,
    ...counted(record.nodes.map(({ key, preimage }) => requestedState(preimage.stage, key, store))),
  }));
  return { experiments, disk: diskUse(store.root) };
}

export function experimentText(status: ExperimentStatus): string {
  const { experiment, stages, waiting } = status;
  const all = status.stored + waiting.length;
  const first = waiting.length === 0
    ? `${experiment}: all ${all} stages are stored`
    : `${experiment}: ${status.stored} of ${all} stages are stored`;
  const rows = [...stages, ...(stages.length > 1 ? [{ stage: "total", ...status }] : [])];
  const table = textTable([
    ["stage", "stored", "to run", "running", "failed", "size"],
    ...rows.map(({ stage, ...counts }) => [stage, ...countCells(counts)]),
  ]);
  const running = waiting.filter(({ state }) => state === "running").map(({ label }) => label);
  const failed = waiting.filter(({ state }) => state === "failed").flatMap((run) =>
    failedLines(run)
  );
  return [
    first,
    "",
    ...table,
    ...(running.length === 0 ? [] : ["", "running now:", ...running.map((label) => `  ${label}`)]),
    ...(failed.length === 0 ? [] : ["", "failed in the last run:", ...failed]),
  ].join("\n");
}

export function folderText({ experiments, disk }: FolderStatus): string {
  const requests = experiments.length === 0
    ? ["no experiment has run in this folder yet"]
    : textTable([
      ["experiment", "stored", "to run", "running", "failed", "size", "requested (UTC)"],
      ...experiments.map((one) => [one.experiment, ...countCells(one), minuteText(one.requested)]),
    ]);
  const bytes = disk.reduce((sum, one) => sum + one.bytes, 0);
  const files = disk.reduce((sum, one) => sum + one.files, 0);
  const use = textTable([
    ["on disk", "files", "size"],
    ...[...disk, { kind: "total", files, bytes }]
      .map((one) => [one.kind, String(one.files), bytesText(one.bytes)]),
  ]);
  return [...requests, ...(disk.length === 0 ? [] : ["", ...use])].join("\n");
}

type State = "stored" | "to run" | "running" | "failed";
interface InState {
  readonly state: State;
  readonly bytes: number;
  readonly failure?: FailureRecord;
}

function stateNow(planned: Planned, store: ArtifactStore): InState {
  if (planned.action === "hit") return { state: "stored", bytes: sizeOf(planned.manifest) };
  return absentState(planned.node.key, store);
}

function requestedState(stage: string, key: string, store: ArtifactStore): InState {
  const found = store.find(stage, key);
  if (found.state === "complete") return { state: "stored", bytes: sizeOf(found.manifest) };
  return absentState(key, store);
}

function absentState(key: string, store: ArtifactStore): InState {
  if (isFileLocked(store.lockFile(key))) return { state: "running", bytes: 0 };
  const failure = readFailure(store, key);
  if (failure !== undefined) return { state: "failed", bytes: 0, failure };
  return { state: "to run", bytes: 0 };
}

function sizeOf({ files }: Manifest): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function counted(each: readonly InState[]): Counts {
  const count = (wanted: State) => each.filter(({ state }) => state === wanted).length;
  return {
    stored: count("stored"),
    toRun: count("to run"),
    running: count("running"),
    failed: count("failed"),
    bytes: each.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function countCells({ stored, toRun, running, failed, bytes }: Counts): string[] {
  const cells = [stored, toRun, running, failed].map((count) => count === 0 ? "-" : String(count));
  return [...cells, bytes === 0 ? "-" : bytesText(bytes)];
}

function failedLines({ label, failure, log }: ExperimentStatus["waiting"][number]): string[] {
  return [
    `  ${label}: ${failure!.what} (${minuteText(failure!.time)} UTC)`,
    ...(failure!.fix === undefined ? [] : [`    fix: ${failure!.fix}`]),
    ...(log === undefined ? [] : [`    log: ${log}`]),
  ];
}

function logOf(store: ArtifactStore, key: string): string | undefined {
  const path = `${store.pendingFolder(key)}/log/output.log`;
  return exists(path) ? path.slice(store.root.length + 1) : undefined;
}

function lastRequests(store: ArtifactStore): RequestRecord[] {
  return filesIn(store.stateFile("last")).flatMap((name) => lastRequest(store, name) ?? [])
    .sort((a, b) => a.requested < b.requested ? 1 : a.requested > b.requested ? -1 : 0);
}

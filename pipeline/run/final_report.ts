/** What a run prints at its end: the report of its request, and commands to try next. */
import { canonicalDigest } from "../disk/canonical.ts";
import { Complaint } from "../contract/complaint.ts";
import { unlessReadOnly } from "../disk/read_only.ts";
import type { Planned } from "../plan/plan.ts";
import type { ArtifactStore } from "../store/artifact_store.ts";
import type { Manifest } from "../store/manifest.ts";
import { keepReport, keptReport, type RequestRecord } from "../store/request_record.ts";
import type { ResultIndex } from "./result_index.ts";
import type { RunWorld } from "./run_world.ts";

/** After stages have run, which have brought `index` up to date. */
export async function reportMade(
  record: RequestRecord,
  index: ResultIndex,
  world: RunWorld,
): Promise<void> {
  show((await makeReport(record, index, world)).text, record, world);
}

/** When nothing had to run: the report is kept from the last time, or made anew. */
export async function reportStored(
  plan: readonly Planned[],
  record: RequestRecord,
  store: ArtifactStore,
  world: RunWorld,
): Promise<void> {
  const source = world.reportSource();
  const stored = plan.flatMap((one) => one.action === "hit" ? [one.manifest] : []);
  // With `--only`, the report also says what other stages found.
  const isWhole = keysOf(stored).size === keysOf(record.nodes).size;
  const request = { id: record.id, basis: reportBasis(stored, source) };
  const kept = isWhole ? keptReport(store, request) : undefined;
  if (kept !== undefined) return show(kept, record, world);
  const { text, made } = await openAndReport(record, store, world);
  const isCurrent = world.reportSource() === source; // its code is loaded only now
  if (made && isWhole && isCurrent) unlessReadOnly(() => keepReport(store, request, text));
  show(text, record, world);
}

function show(text: string, { experiment }: RequestRecord, { display, tryNext }: RunWorld): void {
  const next = ["\ntry next:", ...tryNext.map((line) => `  ${line}`)].join("\n");
  if (text !== "") display.announce("report", `\n${text}`, { experiment });
  display.announce("summary", next, { next: tryNext });
}

function keysOf(runs: readonly { readonly key: string }[]): Set<string> {
  return new Set(runs.map(({ key }) => key));
}

/** Digest of everything that decides the text of a request's report. */
function reportBasis(stored: readonly Manifest[], source: string): string {
  const results = stored.map(({ key, digest, circumstances: { host, versions } }) => [
    key,
    digest,
    host,
    Object.entries(versions),
  ]);
  return canonicalDigest(["report", source, JSON.stringify(results)]);
}

interface MadeReport {
  readonly text: string;
  /** False if the text says why there is no report. */
  readonly made: boolean;
}

async function openAndReport(
  record: RequestRecord,
  store: ArtifactStore,
  world: RunWorld,
): Promise<MadeReport> {
  return await unlessFailed(async () => {
    const index = await world.openResultIndex(store.root);
    await index.reconcile(world.display.line);
    return await index.report(record.id, world.display.line);
  });
}

async function makeReport(
  record: RequestRecord,
  index: ResultIndex,
  { display }: RunWorld,
): Promise<MadeReport> {
  return await unlessFailed(() => index.report(record.id, display.line));
}

/** The stages are complete by now, so an error of the database is not a failure of the run. */
async function unlessFailed(report: () => Promise<string>): Promise<MadeReport> {
  try {
    return { text: await report(), made: true };
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    return { text: `The results are complete, but the report failed:\n${error}`, made: false };
  }
}

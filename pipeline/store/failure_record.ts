/**
 * How the last attempt at a stage run failed, kept in `state/failed/<key>.json` until the next
 * attempt. `status` and `show` read it even when the database is missing.
 */
import { type ArtifactStore } from "./artifact_store.ts";
import * as v from "valibot";
import { filesIn } from "../disk/listing.ts";
import { storedContent, type StoredSchema } from "../disk/stored_json.ts";
import type { Place } from "../contract/complaint.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface FailureRecord {
  readonly key: string;
  readonly label: string;
  readonly stage: string;
  /** The kind of stage. */
  readonly kind: string;
  readonly what: string;
  readonly fix?: string;
  readonly place?: Place;
  /** ISO 8601, UTC. */
  readonly time: string;
}

export const failureSchema = v.looseObject({
  key: v.string(),
  label: v.string(),
  stage: v.string(),
  kind: v.string(),
  what: v.string(),
  fix: v.optional(v.string()),
  place: v.optional(v.looseObject({ file: v.string() })),
  time: v.pipe(v.string(), v.isoTimestamp()),
}) as unknown as StoredSchema<FailureRecord>;

/** Does nothing if writing fails, for example on the full disk that made the stage fail. */
export function keepFailure(store: ArtifactStore, failure: FailureRecord): void {
  try {
    Deno.mkdirSync(store.stateFile("failed"), { recursive: true });
    writeAtomically(fileOf(store, failure.key), JSON.stringify(failure) + "\n");
  } catch {
    // The failure itself is reported when the run ends.
  }
}

/** Removes the failures of results that are now complete. */
export function forgetFailures(store: ArtifactStore, complete: ReadonlySet<string>): void {
  for (const name of filesIn(store.stateFile("failed"))) {
    const key = name.replace(/\.json$/, "");
    if (complete.has(key)) forgetFailure(store, key);
  }
}

/** Called when the stage runs again. */
export function forgetFailure(store: ArtifactStore, key: string): void {
  try {
    Deno.removeSync(fileOf(store, key));
  } catch {
    // It has not failed.
  }
}

export function readFailure(store: ArtifactStore, key: string): FailureRecord | undefined {
  return storedContent(fileOf(store, key), failureSchema);
}

function fileOf(store: ArtifactStore, key: string): string {
  return store.stateFile(`failed/${key}.json`);
}

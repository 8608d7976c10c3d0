/**
 * How a stage run failed the last time, kept as `state/failed/<key>.json` until it is run again: what
 * `status` and `show` tell of it, also when the database is gone.
 */
import { type ArtifactStore } from "./artifact_store.ts";
import { readIfThere } from "../disk/read_if_there.ts";
import type { Place } from "../contract/complaint.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface FailureRecord {
  readonly key: string;
  readonly label: string;
  readonly stage: string;
  /** Name of the stage's definition. */
  readonly kind: string;
  readonly what: string;
  readonly fix?: string;
  readonly place?: Place;
  /** ISO 8601, UTC. */
  readonly time: string;
}

/** Does nothing where it cannot be written, as on the full disk that made the stage fail. */
export function keepFailure(store: ArtifactStore, failure: FailureRecord): void {
  try {
    Deno.mkdirSync(store.stateFile("failed"), { recursive: true });
    writeAtomically(fileOf(store, failure.key), JSON.stringify(failure) + "\n");
  } catch {
    // The failure itself is told when the run ends.
  }
}

/** Of results that are there, an old failure says nothing: they came to be after it, or in spite of it. */
export function forgetFailures(store: ArtifactStore, complete: ReadonlySet<string>): void {
  let names: string[];
  try {
    names = Array.from(Deno.readDirSync(store.stateFile("failed")), ({ name }) => name);
  } catch {
    return; // nothing ever failed
  }
  for (const name of names) {
    const key = name.replace(/\.json$/, "");
    if (complete.has(key)) forgetFailure(store, key);
  }
}

/** Called when the stage runs again. */
export function forgetFailure(store: ArtifactStore, key: string): void {
  try {
    Deno.removeSync(fileOf(store, key));
  } catch {
    // It had not failed.
  }
}

export function readFailure(store: ArtifactStore, key: string): FailureRecord | undefined {
  try {
    const text = readIfThere(fileOf(store, key));
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fileOf(store: ArtifactStore, key: string): string {
  return store.stateFile(`failed/${key}.json`);
}

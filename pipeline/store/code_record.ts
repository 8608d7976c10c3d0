/**
 * The code that runs were computed with, kept so that `why` can report what changed:
 *
 *     state/code/<digest>.json         the stage's file, its packages, path -> digest of each module
 *     state/code/text/<sha256>.gz      the text of a module, shared by all records that need it
 */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import * as v from "valibot";
import { type ArtifactStore } from "./artifact_store.ts";
import { exists, readIfThere } from "../disk/read_if_there.ts";
import type { CodeCache } from "../key/code_digest.ts";
import { fileState } from "../disk/file_state.ts";
import { filesIn } from "../disk/listing.ts";
import { storedContent } from "../disk/stored_json.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface CodeRecord {
  /** Path of the stage's file; all paths here are relative to the project's root. */
  readonly stage: string;
  /** `name@version`, sorted. */
  readonly versions: readonly string[];
  /** Path -> text. */
  readonly sources: ReadonlyMap<string, string>;
}

interface Stored {
  readonly format: number;
  readonly stage: string;
  readonly versions: readonly string[];
  /** Path -> SHA-256 of the text. */
  readonly files: Readonly<Record<string, string>>;
}

const recordFormat = 1;

const storedSchema = v.looseObject({
  format: v.literal(recordFormat),
  stage: v.string(),
  versions: v.array(v.string()),
  files: v.record(v.string(), v.string()),
});

/** The location of a stage's code, and what its digest was computed from. */
export interface StageCode {
  /** Path of the stage's file from the project's root. */
  readonly stage: string;
  /** Path of the project. */
  readonly root: string;
  readonly entry: CodeCache[string];
}

/** Keeps the code of a stage, unless it is already kept or has changed since its digest was computed. */
export function keepCode(store: ArtifactStore, code: StageCode): void {
  const file = recordFile(store, code.entry.digest);
  if (exists(file)) return;
  const record = codeNow(code);
  if (record === undefined) return;
  Deno.mkdirSync(store.stateFile("code/text"), { recursive: true });
  const { stage, versions, sources } = record;
  const files = Object.fromEntries(
    Array.from(sources, ([path, text]) => [path, keepText(store, text)]),
  );
  const stored: Stored = { format: recordFormat, stage, versions, files };
  writeAtomically(file, JSON.stringify(stored) + "\n");
}

/** The code on the disk; undefined when it has changed since its digest was computed. */
export function codeNow({ stage, root, entry }: StageCode): CodeRecord | undefined {
  const sources = new Map<string, string>();
  for (const [path, state] of Object.entries(entry.files)) {
    if (path === "deno.json" || path === "deno.lock") continue; // `versions` has their relevant part
    const text = readIfThere(`${root}/${path}`);
    if (text === undefined || fileState(`${root}/${path}`) !== state) return undefined;
    sources.set(path, text);
  }
  return { stage, versions: entry.versions ?? [], sources };
}

/** Undefined when the code was not kept, or not in a format that this version can read. */
export function readCode(store: ArtifactStore, digest: string): CodeRecord | undefined {
  const stored = storedContent(recordFile(store, digest), storedSchema);
  if (stored === undefined) return undefined;
  const { stage, versions, files } = stored;
  try {
    const sources = Object.entries(files).map(([path, sha256]) => [path, readText(store, sha256)]);
    return { stage, versions, sources: new Map(sources as [string, string][]) };
  } catch {
    return undefined; // a text is missing or damaged: the record counts as not kept
  }
}

/** The files of all code that is kept, relative to the results folder, with the digests they belong to. */
export function keptCode(store: ArtifactStore): { path: string; owners: string[] }[] {
  const users = new Map<string, string[]>();
  const records = filesIn(store.stateFile("code")).flatMap((name) => {
    const digest = /^([0-9a-f]{64})\.json$/.exec(name)?.[1];
    if (digest === undefined) return [];
    const { files = {} } = storedContent(recordFile(store, digest), storedSchema) ?? {};
    for (const sha256 of Object.values(files)) {
      users.set(sha256, [...users.get(sha256) ?? [], digest]);
    }
    return [{ path: `state/code/${name}`, owners: [digest] }];
  });
  const texts = filesIn(store.stateFile("code/text")).flatMap((name) => {
    const sha256 = /^([0-9a-f]{64})\.gz$/.exec(name)?.[1];
    return sha256 === undefined
      ? []
      : [{ path: `state/code/text/${name}`, owners: users.get(sha256) ?? [] }];
  });
  return [...records, ...texts];
}

function keepText(store: ArtifactStore, text: string): string {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const file = textFile(store, sha256);
  if (!exists(file)) writeAtomically(file, new Uint8Array(gzipSync(text)));
  return sha256;
}

function readText(store: ArtifactStore, sha256: string): string {
  const text = gunzipSync(Deno.readFileSync(textFile(store, sha256)), { maxOutputLength: 1 << 26 });
  if (createHash("sha256").update(text).digest("hex") !== sha256) throw new Error("damaged");
  return text.toString("utf8");
}

function recordFile(store: ArtifactStore, digest: string): string {
  return store.stateFile(`code/${digest}.json`);
}

function textFile(store: ArtifactStore, sha256: string): string {
  return store.stateFile(`code/text/${sha256}.gz`);
}

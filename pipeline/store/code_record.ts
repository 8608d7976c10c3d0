/**
 * The code that runs were made with, kept so that `why` can say what changed:
 *
 *     state/code/<digest>.json         the stage's file, its packages, path -> digest of each module
 *     state/code/text/<sha256>.gz      the text of a module, once for all records that need it
 */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { type ArtifactStore } from "./artifact_store.ts";
import { exists, readIfThere } from "../disk/read_if_there.ts";
import { type CodeCache, fileState } from "../key/code_digest.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface CodeRecord {
  /** Path of the stage's file from the project's root, as all paths here. */
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

/** Where the code of a stage lies now, and what its digest was taken of. */
export interface StageCode {
  /** Path of the stage's file from the project's root. */
  readonly stage: string;
  /** Path of the project. */
  readonly root: string;
  readonly entry: CodeCache[string];
}

/** Keeps the code of a stage, unless it is kept already or has changed since its digest was taken. */
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

/** The code as it is on the disk; undefined when it has changed since its digest was taken. */
export function codeNow({ stage, root, entry }: StageCode): CodeRecord | undefined {
  const sources = new Map<string, string>();
  for (const [path, state] of Object.entries(entry.files)) {
    if (path === "deno.json" || path === "deno.lock") continue; // their part of it is `versions`
    const text = readIfThere(`${root}/${path}`);
    if (text === undefined || fileState(`${root}/${path}`) !== state) return undefined;
    sources.set(path, text);
  }
  return { stage, versions: entry.versions ?? [], sources };
}

/** Undefined when it was not kept, or not by a version that this one can read. */
export function readCode(store: ArtifactStore, digest: string): CodeRecord | undefined {
  try {
    const { format, stage, versions, files }: Stored = JSON.parse(
      readIfThere(recordFile(store, digest)) ?? "{}",
    );
    if (format !== recordFormat) return undefined;
    const sources = Object.entries(files).map(([path, sha256]) => [path, readText(store, sha256)]);
    return { stage, versions, sources: new Map(sources as [string, string][]) };
  } catch {
    return undefined; // damaged: as if it had not been kept
  }
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

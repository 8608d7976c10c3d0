/**
 * Reads the files in a results folder from which the database is filled. The pipeline writes them and
 * checks them when they are read.
 */
import { basename } from "node:path";
import { fileState } from "../../pipeline/disk/file_state.ts";
import { filesIn } from "../../pipeline/disk/listing.ts";
import { exists } from "../../pipeline/disk/read_if_there.ts";
import { readStoredJson, type StoredJson } from "../../pipeline/disk/stored_json.ts";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { listArtifacts } from "../../pipeline/store/artifact_store.ts";
import { type FailureRecord, failureSchema } from "../../pipeline/store/failure_record.ts";
import { type Manifest, readManifest as readManifestIn } from "../../pipeline/store/manifest.ts";
import { oldRequestFolder, requestFolder } from "../../pipeline/store/old_requests.ts";
import {
  readRequest,
  readRequests,
  type RequestRecord,
} from "../../pipeline/store/request_record.ts";
import { type Certificate, certificateSchema } from "../../pipeline/store/verification.ts";

export { namesIn } from "../../pipeline/disk/listing.ts";
export type { Certificate, FailureRecord, Manifest, RequestRecord };

/** What a key is the digest of. */
export type Preimage = Manifest["preimage"];

/** A file that the database is filled from. */
export interface SourceFile {
  readonly kind: "artifact" | "request" | "failure" | "certificate";
  /** Relative to the root. */
  readonly path: string;
  /** Changes when the file does, as far as its directory entry tells; empty if it is missing. */
  readonly state: string;
}

export interface CompleteArtifact {
  /** Relative to the results folder. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** What a file other than a manifest holds. */
export type StoredRecord =
  | { readonly kind: "request"; readonly request: RequestRecord }
  | { readonly kind: "failure"; readonly failure: FailureRecord }
  | { readonly kind: "certificate"; readonly certificate: Certificate };

/** Every file that the database is filled from. Looks at directory entries and reads no file. */
export function listSources(root: string): SourceFile[] {
  const json = (kind: SourceFile["kind"], folder: string) =>
    filesIn(`${root}/state/${folder}`, { ending: ".json" })
      .map((name) => sourceFile(root, kind, `state/${folder}/${name}`));
  return [
    ...listArtifacts(root).map(({ kind, key }) => artifactSource(root, `artifacts/${kind}/${key}`)),
    ...json("request", requestFolder),
    ...json("request", oldRequestFolder),
    ...json("failure", "failed"),
    ...json("certificate", "certificates"),
  ];
}

/** @param folder of an artifact, relative to the root */
export function artifactSource(root: string, folder: string): SourceFile {
  return sourceFile(root, "artifact", `${folder}/manifest.json`);
}

/** The folder of an artifact, from its manifest. */
export function folderOf({ path }: SourceFile): string {
  return path.slice(0, -"/manifest.json".length);
}

/** @param source anything but an artifact */
export function readRecord(root: string, { kind, path }: SourceFile): StoredJson<StoredRecord> {
  const file = `${root}/${path}`;
  const own = (id: string) => basename(path) === `${id}.json`;
  switch (kind) {
    case "request":
      return record(readRequest(file), ({ id }) => own(id), (request) => ({ kind, request }));
    case "failure":
      return record(
        readStoredJson(file, failureSchema),
        ({ key }) => own(key),
        (failure) => ({ kind, failure }),
      );
    case "certificate":
      return record(
        readStoredJson(file, certificateSchema),
        ({ id }) => own(id),
        (certificate) => ({ kind, certificate }),
      );
    case "artifact":
      throw new Error("internal: an artifact is more than one record");
    default:
      return kind satisfies never;
  }
}

/** @param folder relative to the root */
export function artifactIn(
  root: string,
  folder: string,
): StoredJson<CompleteArtifact> {
  const manifest = checkedManifest(`${root}/${folder}`);
  if (manifest === undefined) {
    return exists(`${root}/${folder}`)
      ? { state: "unusable", reason: "its manifest is missing" }
      : { state: "absent" };
  }
  return typeof manifest === "string"
    ? { state: "unusable", reason: manifest }
    : { state: "read", content: { folder, manifest } };
}

/** Undefined if the manifest is missing or damaged; the pipeline will recompute the artifact. */
export function readManifest(root: string, folder: string): Manifest | undefined {
  const manifest = checkedManifest(`${root}/${folder}`);
  return typeof manifest === "string" ? undefined : manifest;
}

export function listRequests(root: string): RequestRecord[] {
  return readRequests(`${root}/state`);
}

/** The last failure of a run. */
export function failureOf(root: string, run: string): FailureRecord | undefined {
  const stored = readStoredJson(`${root}/state/failed/${run}.json`, failureSchema);
  return stored.state === "read" ? stored.content : undefined;
}

/** The row files in a folder: name of the table and path. */
export function rowFiles(folder: string): { table: string; path: string }[] {
  return filesIn(folder, { ending: ".jsonl" })
    .map((name) => ({ table: name.slice(0, -".jsonl".length), path: `${folder}/${name}` }));
}

/** One that a newer version wrote cannot be used here. */
function checkedManifest(folder: string): Manifest | string | undefined {
  try {
    return readManifestIn(folder, basename(folder));
  } catch (error) {
    if (error instanceof Complaint) return error.what;
    throw error;
  }
}

function sourceFile(root: string, kind: SourceFile["kind"], path: string): SourceFile {
  return { kind, path, state: stateOf(`${root}/${path}`) };
}

/** These files are written under another name and renamed, so a later one has another inode. */
function stateOf(path: string): string {
  try {
    return fileState(path);
  } catch {
    return ""; // its folder may not be read
  }
}

function record<Content>(
  stored: StoredJson<Content>,
  isOwn: (content: Content) => boolean,
  named: (content: Content) => StoredRecord,
): StoredJson<StoredRecord> {
  if (stored.state !== "read") return stored;
  return isOwn(stored.content)
    ? { state: "read", content: named(stored.content) }
    : { state: "unusable", reason: "belongs to something else" };
}

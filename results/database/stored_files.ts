/**
 * Reads the files in a results folder from which the database is filled. The pipeline writes them,
 * and its types say what they hold.
 */
import type { FailureRecord } from "../../pipeline/store/failure_record.ts";
import type { Manifest } from "../../pipeline/store/manifest.ts";
import { readRequests, type RequestRecord } from "../../pipeline/store/request_record.ts";
import type { Certificate } from "../../pipeline/store/verification.ts";

export type { Certificate, FailureRecord, Manifest, RequestRecord };

/** What a key is the digest of. */
export type Preimage = Manifest["preimage"];

/** Every complete artifact; its folder is relative to the root. */
export function listArtifacts(root: string): { kind: string; key: string; folder: string }[] {
  return namesIn(`${root}/artifacts`).flatMap((kind) =>
    namesIn(`${root}/artifacts/${kind}`).map((key) => ({
      kind,
      key,
      folder: `artifacts/${kind}/${key}`,
    }))
  );
}

/** Undefined if the manifest is missing or damaged; the pipeline will recompute the artifact. */
export function readManifest(root: string, folder: string): Manifest | undefined {
  return readJson<Manifest>(`${root}/${folder}/manifest.json`);
}

export function listRequests(root: string): RequestRecord[] {
  return readRequests(`${root}/state`);
}

/** Runs whose last attempt failed. */
export function listFailures(root: string): FailureRecord[] {
  return namesIn(`${root}/state/failed`)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readJson<FailureRecord>(`${root}/state/failed/${name}`) ?? []);
}

/** Outcomes of verifications: stored results that were computed once more and compared. */
export function listCertificates(root: string): Certificate[] {
  return namesIn(`${root}/state/certificates`)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readJson<Certificate>(`${root}/state/certificates/${name}`) ?? []);
}

/** The row files in a folder: name of the table and path. */
export function rowFiles(folder: string): { table: string; path: string }[] {
  return namesIn(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => ({ table: name.slice(0, -".jsonl".length), path: `${folder}/${name}` }));
}

/** Names of the entries of a folder, sorted; none if it is missing. */
export function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  } catch {
    return [];
  }
}

function readJson<Content>(path: string): Content | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch {
    return undefined;
  }
}

/**
 * The outcome of recomputing a stored result: `state/certificates/<key>-<number>.json`. The database
 * imports these files, and is rebuilt from them.
 */
import * as v from "valibot";
import { type ArtifactStore } from "./artifact_store.ts";
import { exists } from "../disk/read_if_there.ts";
import type { ArtifactFile, Manifest } from "./manifest.ts";
import type { StoredSchema } from "../disk/stored_json.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface Certificate {
  /** `<key>-<number>`, the name of its file. */
  readonly id: string;
  readonly key: string;
  readonly label: string;
  /** The kind of stage. */
  readonly kind: string;
  readonly verdict: "equal" | "different";
  /** Digest of the stored artifact. */
  readonly digest: string;
  /** Digest of the recomputed artifact. */
  readonly remade: string;
  /** Paths of files that differ or are missing in one of the two. */
  readonly differing: readonly string[];
  /** Time of the verification: ISO 8601, UTC. */
  readonly time: string;
  readonly seconds: number;
  /** Host that computed the stored artifact. */
  readonly madeOn: string;
  /** Host that recomputed it. */
  readonly host: string;
  /** Versions of Deno and the library, device, threads and machine of the recomputation. */
  readonly versions: Readonly<Record<string, string>>;
  /** Circumstances that differed for the stored artifact: not part of the key, but they may affect rounding. */
  readonly otherwise: readonly { readonly name: string; readonly made: string }[];
}

export const certificateSchema = v.looseObject({
  id: v.string(),
  key: v.string(),
  label: v.string(),
  kind: v.string(),
  verdict: v.picklist(["equal", "different"]),
  digest: v.string(),
  remade: v.string(),
  differing: v.array(v.string()),
  time: v.pipe(v.string(), v.isoTimestamp()),
  seconds: v.number(),
  madeOn: v.string(),
  host: v.string(),
  versions: v.record(v.string(), v.string()),
  otherwise: v.array(v.looseObject({ name: v.string(), made: v.string() })),
}) as unknown as StoredSchema<Certificate>;

/** Compares the stored artifact with the recomputed one. */
export function certificateOf(
  stored: Manifest,
  remade: Manifest,
  { label, time }: { label: string; time: string },
): Omit<Certificate, "id"> {
  return {
    key: stored.key,
    label,
    kind: stored.preimage.stage,
    verdict: stored.digest === remade.digest ? "equal" : "different",
    digest: stored.digest,
    remade: remade.digest,
    differing: differingFiles(stored.files, remade.files),
    time,
    seconds: remade.circumstances.seconds,
    madeOn: stored.circumstances.host,
    host: remade.circumstances.host,
    versions: remade.circumstances.versions,
    otherwise: Object.entries(stored.circumstances.versions)
      .filter(([name, made]) => (remade.circumstances.versions[name] ?? made) !== made)
      .map(([name, made]) => ({ name, made })),
  };
}

/** Stores the certificate under the next free number. */
export function keepCertificate(
  store: ArtifactStore,
  certificate: Omit<Certificate, "id">,
): Certificate {
  Deno.mkdirSync(store.stateFile("certificates"), { recursive: true });
  for (let number = 1;; number++) {
    const id = `${certificate.key}-${number}`;
    const file = store.stateFile(`certificates/${id}.json`);
    if (exists(file)) continue;
    const numbered = { id, ...certificate };
    writeAtomically(file, JSON.stringify(numbered, null, 1) + "\n");
    return numbered;
  }
}

function differingFiles(a: readonly ArtifactFile[], b: readonly ArtifactFile[]): string[] {
  const digests = (files: readonly ArtifactFile[]) =>
    new Map(files.map(({ path, sha256 }) => [path, sha256]));
  const [left, right] = [digests(a), digests(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => left.get(path) !== right.get(path))
    .sort();
}

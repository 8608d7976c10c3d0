/**
 * What came of making a stored result once more: `state/certificates/<key>-<number>.json`. The database
 * takes it over, and is made anew from it.
 */
import { type ArtifactStore } from "./artifact_store.ts";
import { exists } from "../disk/read_if_there.ts";
import type { ArtifactFile, Manifest } from "./manifest.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface Certificate {
  /** Key, dash, number: the name of its file. */
  readonly id: string;
  readonly key: string;
  readonly label: string;
  /** Name of the stage's definition. */
  readonly kind: string;
  readonly verdict: "equal" | "different";
  /** Of the stored artifact, and of the one made again. */
  readonly digest: string;
  readonly remade: string;
  /** Paths of files that differ, or that one of the two has not. */
  readonly differing: readonly string[];
  /** When it was verified: ISO 8601, UTC. */
  readonly time: string;
  readonly seconds: number;
  /** Where the stored one was made, and where it was made again. */
  readonly madeOn: string;
  readonly host: string;
  /** Of Deno, the library, device, threads, and the machine that made it again. */
  readonly versions: Readonly<Record<string, string>>;
  /** What was another when the stored one was made: no part of the key, but it may round otherwise. */
  readonly otherwise: readonly { readonly name: string; readonly made: string }[];
}

/** Compares what is stored with what was made again. */
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

/** Keeps it beside those that are there. */
export function keepCertificate(
  store: ArtifactStore,
  certificate: Omit<Certificate, "id">,
): Certificate {
  Deno.mkdirSync(store.stateFile("certificates"), { recursive: true });
  for (let number = 1;; number++) {
    const id = `${certificate.key}-${number}`;
    const file = store.stateFile(`certificates/${id}.json`);
    if (exists(file)) continue;
    const whole = { id, ...certificate };
    writeAtomically(file, JSON.stringify(whole, null, 1) + "\n");
    return whole;
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

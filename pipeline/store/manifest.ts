/** The record of a complete artifact: what it is, what it was computed from, and its digest. */
import { canonicalDigest } from "../disk/canonical.ts";
import { Complaint } from "../contract/complaint.ts";
import { keyOf, type Preimage } from "../key/key.ts";
import type { Scalar } from "../contract/stage.ts";

export const manifestFormat = 1;

export interface ArtifactFile {
  /** Relative to the artifact's folder, with `/` as separator. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Two identical runs have the same digest, but may differ in `circumstances`. */
export interface Manifest {
  readonly format: number;
  readonly key: string;
  readonly preimage: Preimage;
  /** The kind of artifact. */
  readonly output: string;
  /** Port -> digest of the artifact that was read. */
  readonly inputDigests: Readonly<Record<string, string>>;
  /** Sorted by path. */
  readonly files: readonly ArtifactFile[];
  /** Digest of `files`. */
  readonly digest: string;
  readonly circumstances: {
    readonly experiment: string;
    readonly label: string;
    readonly stage: string;
    readonly point: Readonly<Record<string, Scalar>>;
    /** Why it was computed, in words. */
    readonly why: string;
    /** ISO 8601, UTC. */
    readonly started: string;
    readonly seconds: number;
    readonly host: string;
    readonly versions: Readonly<Record<string, string>>;
  };
}

export function digestOfFiles(files: readonly ArtifactFile[]): string {
  return canonicalDigest(["artifact", files.map(({ path, size, sha256 }) => [path, size, sha256])]);
}

/**
 * Parses the text of a manifest.
 *
 * @returns the manifest, or a text that says why it cannot be trusted
 * @throws Complaint when a newer version of this program wrote it
 */
export function readManifest(text: string, key: string, file: string): Manifest | string {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text);
  } catch {
    return "its manifest is truncated or damaged";
  }
  if (typeof manifest?.format === "number" && manifest.format > manifestFormat) {
    throw new Complaint(
      `a newer version of this program wrote the results folder (manifest format ${manifest.format}, ` +
        `this version reads up to ${manifestFormat})`,
      "update the project, or use another folder with --results",
      { place: { file } },
    );
  }
  try {
    if (manifest.key !== key || keyOf(manifest.preimage) !== key) {
      return "its manifest belongs to another key";
    }
    if (digestOfFiles(manifest.files) !== manifest.digest) return "its list of files is damaged";
  } catch {
    return "its manifest is incomplete";
  }
  return manifest;
}

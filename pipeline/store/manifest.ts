/** The record of a complete artifact: what it is, what it was computed from, and its digest. */
import * as v from "valibot";
import { canonicalDigest } from "../disk/canonical.ts";
import { Complaint } from "../contract/complaint.ts";
import { keyOf, type Preimage } from "../key/key.ts";
import type { Scalar } from "../contract/stage.ts";
import {
  checkStoredJson,
  checkStoredValue,
  readStoredText,
  type StoredSchema,
} from "../disk/stored_json.ts";

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

const texts = v.record(v.string(), v.string());

export const scalarSchema = v.nullable(v.union([v.string(), v.number(), v.boolean()]));

export const preimageSchema = v.looseObject({
  engine: v.number(),
  stage: v.string(),
  code: v.string(),
  parameters: v.record(v.string(), v.unknown()),
  inputs: texts,
  compute: v.nullable(texts),
  outside: v.optional(texts),
}) as unknown as StoredSchema<Preimage>;

const manifestSchema = v.looseObject({
  format: v.number(),
  key: v.string(),
  preimage: preimageSchema,
  output: v.string(),
  inputDigests: texts,
  files: v.array(v.looseObject({ path: v.string(), size: v.number(), sha256: v.string() })),
  digest: v.string(),
  circumstances: v.looseObject({
    experiment: v.string(),
    label: v.string(),
    stage: v.string(),
    point: v.record(v.string(), scalarSchema),
    why: v.string(),
    started: v.pipe(v.string(), v.isoTimestamp()),
    seconds: v.number(),
    host: v.string(),
    versions: texts,
  }),
}) as unknown as StoredSchema<Manifest>;

export function digestOfFiles(files: readonly ArtifactFile[]): string {
  return canonicalDigest(["artifact", files.map(({ path, size, sha256 }) => [path, size, sha256])]);
}

/**
 * Reads and checks the manifest of a complete artifact.
 *
 * @param folder absolute path of the artifact's folder
 * @returns the manifest; a text that says why it cannot be trusted; undefined if there is none
 * @throws Complaint when a newer version of this program wrote it
 */
export function readManifest(folder: string, key: string): Manifest | string | undefined {
  const file = `${folder}/manifest.json`;
  const text = readStoredText(file);
  switch (text.state) {
    case "absent":
      return undefined;
    case "unusable":
      return `its manifest ${text.reason}`;
    case "read":
      return checkManifest(text.content, key, file);
    default:
      return text satisfies never;
  }
}

function checkManifest(text: string, key: string, file: string): Manifest | string {
  const parsed = checkStoredJson(text, v.looseObject({ format: v.number() }));
  if (parsed.state === "unusable") return `its manifest ${parsed.reason}`;
  const { format } = parsed.content;
  if (format > manifestFormat) {
    throw new Complaint(
      `a newer version of this program wrote the results folder (manifest format ${format}, ` +
        `this version reads up to ${manifestFormat})`,
      "update the project, or use another folder with --results",
      { place: { file } },
    );
  }
  const stored = checkStoredValue(parsed.content, manifestSchema);
  if (stored.state === "unusable") return `its manifest ${stored.reason}`;
  const manifest = stored.content;
  try {
    if (manifest.key !== key || keyOf(manifest.preimage) !== key) {
      return "its manifest belongs to another key";
    }
    if (digestOfFiles(manifest.files) !== manifest.digest) return "its list of files is damaged";
  } catch {
    return "its manifest has something that no key is made of";
  }
  if (manifest.files.some(({ path }) => leadsOut(path))) {
    return "its manifest names files outside of the artifact";
  }
  return manifest;
}

/** Whether a path leads out of the folder that it is relative to. */
function leadsOut(path: string): boolean {
  return path.startsWith("/") || path.split("/").includes("..");
}

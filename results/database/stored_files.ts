/** The files in a results folder from which the database is filled; the pipeline writes them. */

/** What a key is the digest of. */
export interface StoredPreimage {
  readonly engine?: number;
  readonly stage: string;
  readonly code: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Port -> key. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly compute: Readonly<Record<string, string>> | null;
  /** Role -> digest. */
  readonly outside?: Readonly<Record<string, string>>;
}

/** What the database takes from `artifacts/<kind>/<key>/manifest.json`. */
export interface StoredManifest {
  readonly key: string;
  readonly output: string;
  readonly digest: string;
  readonly files: readonly {
    readonly path: string;
    readonly size: number;
    readonly sha256: string;
  }[];
  readonly preimage: StoredPreimage;
  /** Port -> digest of the artifact that was read. */
  readonly inputDigests?: Readonly<Record<string, string>>;
  readonly circumstances: {
    readonly label: string;
    readonly stage: string;
    readonly why: string;
    readonly started: string;
    readonly seconds: number;
    readonly host: string;
    readonly versions: Readonly<Record<string, string>>;
  };
}

/** What the database takes from `state/asked/<id>.json`. */
export interface StoredAsked {
  readonly id: string;
  readonly experiment: string;
  readonly file: string;
  readonly asked: string;
  readonly baseline: Readonly<Record<string, unknown>>;
  readonly compare?: string;
  /** The experiment file's text and what `--set` changed; older askings do not have it. */
  readonly source?: { readonly text: string; readonly set: readonly string[] };
  readonly nodes: readonly {
    readonly label: string;
    readonly stage: string;
    readonly key: string;
    readonly point: Readonly<Record<string, unknown>>;
    readonly preimage?: StoredPreimage;
  }[];
}

/** What the database takes from `state/failed/<key>.json`. */
export interface StoredFailure {
  readonly key: string;
  readonly label: string;
  readonly stage: string;
  readonly kind: string;
  readonly what: string;
  readonly fix?: string;
  readonly time: string;
}

/** Kind and key of every folder of complete artifacts. */
export function listArtifacts(root: string): { kind: string; key: string; folder: string }[] {
  return names(`${root}/artifacts`).flatMap((kind) =>
    names(`${root}/artifacts/${kind}`).map((key) => ({
      kind,
      key,
      folder: `artifacts/${kind}/${key}`,
    }))
  );
}

/** Undefined when the manifest is missing or damaged: the pipeline will make the artifact again. */
export function readManifest(root: string, folder: string): StoredManifest | undefined {
  return readJson<StoredManifest>(`${root}/${folder}/manifest.json`);
}

export function listAsked(root: string): StoredAsked[] {
  return names(`${root}/state/asked`)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readJson<StoredAsked>(`${root}/state/asked/${name}`) ?? []);
}

/** The runs whose last attempt failed. */
export function listFailures(root: string): StoredFailure[] {
  return names(`${root}/state/failed`)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readJson<StoredFailure>(`${root}/state/failed/${name}`) ?? []);
}

/** What the database takes from `state/certificates/<id>.json`. */
export interface StoredCertificate {
  readonly id: string;
  readonly key: string;
  readonly label: string;
  readonly kind: string;
  readonly verdict: string;
  readonly digest: string;
  readonly remade: string;
  readonly differing: readonly string[];
  readonly time: string;
  readonly seconds: number;
  readonly madeOn: string;
  readonly host: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** What became of results that were made again. */
export function listCertificates(root: string): StoredCertificate[] {
  return names(`${root}/state/certificates`)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readJson<StoredCertificate>(`${root}/state/certificates/${name}`) ?? []);
}

/** Files of rows: table name and path. */
export function rowFiles(folder: string): { table: string; path: string }[] {
  return names(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => ({ table: name.slice(0, -".jsonl".length), path: `${folder}/${name}` }));
}

export function names(folder: string): string[] {
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

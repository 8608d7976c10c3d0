/**
 * The metadata of an export: RO-Crate 1.1 (https://w3id.org/ro/crate/1.1), with runs described by the
 * profile Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process/0.5). A flat list of entities that
 * refer to each other by `@id`. It has no times except those of runs and requests, so that the same
 * results give the same text. Written by hand because the licence of ro-crate (GPL) does not fit ours.
 */
import { createHash } from "node:crypto";
import { countText } from "../text/number_text.ts";
import { valueText } from "../database/row_writer.ts";
import type { ExportedFile } from "./export_folder.ts";
import type { ExportedRun } from "./exported_runs.ts";
import type { Manifest, RequestRecord } from "../database/stored_files.ts";

export interface Entity {
  readonly "@id": string;
  readonly "@type": string | readonly string[];
  readonly [property: string]: unknown;
}

export interface Crate {
  readonly "@context": readonly (string | Readonly<Record<string, string>>)[];
  readonly "@graph": readonly Entity[];
}

export interface CrateContent {
  readonly runs: readonly ExportedRun[];
  readonly requests: readonly RequestRecord[];
  readonly files: readonly ExportedFile[];
  readonly experiment: string | undefined;
  readonly license: string | undefined;
}

const processRun = "https://w3id.org/ro/wfrun/process/0.5";

export function crateMetadata(content: CrateContent): Crate {
  const { runs, files } = content;
  const known = new Map(runs.map((run) => [run.run, run]));
  const graph = new Map<string, Entity>();
  /** Adds an entity once and returns a reference to it. */
  const add = (entity: Entity): Reference => {
    if (!graph.has(entity["@id"])) graph.set(entity["@id"], entity);
    return reference(entity["@id"]);
  };
  add({
    "@id": "ro-crate-metadata.json",
    "@type": "CreativeWork",
    about: reference("./"),
    conformsTo: reference("https://w3id.org/ro/crate/1.1"),
  });
  const fileEntities = files.map((file) => fileEntity(file));
  const byFolder = Map.groupBy(files, ({ path }) => path.split("/").slice(0, 3).join("/"));
  const datasets = runs.filter(({ manifest }) => manifest !== undefined)
    .map((run) => datasetEntity(run, byFolder.get(run.folder) ?? []));
  const inDatasets = new Set(
    datasets.flatMap(({ hasPart }) => [hasPart].flat().map((part) => part["@id"])),
  );
  const loose = fileEntities.filter((file) => !inDatasets.has(file["@id"]));
  const actions = runs.map((run) => actionEntities(run, known, add));
  add(rootEntity(content, {
    hasPart: oneOrList([...loose, ...datasets].map((entity) => reference(entity["@id"]))),
    mentions: oneOrList(actions.map((action) => reference(action["@id"]))),
    license: add(licenseEntity(content.license)),
    conformsTo: add({
      "@id": processRun,
      "@type": "CreativeWork",
      name: "Process Run Crate",
      version: "0.5",
    }),
  }));
  for (const entity of [...fileEntities, ...datasets, ...actions]) add(entity);
  return {
    "@context": [
      "https://w3id.org/ro/crate/1.1/context",
      // RO-Crate 1.1 has no term for it.
      { sha256: "https://w3id.org/ro/terms/workflow-run#sha256" },
    ],
    "@graph": inOrder([...graph.values()]),
  };
}

interface Reference {
  readonly "@id": string;
}

/** RO-Crate expects a list only for several values. */
function oneOrList<Value>(values: readonly Value[]): Value | readonly Value[] {
  return values.length === 1 ? values[0]! : values;
}

type Add = (entity: Entity) => Reference;

function reference(id: string): Reference {
  return { "@id": id };
}

function rootEntity(
  { runs, requests, experiment }: CrateContent,
  links: Readonly<Record<string, unknown>>,
): Entity {
  const names = [...new Set(requests.map((one) => one.experiment))].sort();
  const times = [...requests.map((one) => one.requested), ...runs.map(({ started }) => started)]
    .sort();
  const what = experiment ?? (names.length === 0 ? "a results folder" : names.join(", "));
  return {
    "@id": "./",
    "@type": "Dataset",
    name: `Results of ${what}`,
    description:
      "Experiments on cross-modal retrieval: requests, the runs that they need, inputs and " +
      "outputs of each run with digests, and all results as tables.",
    datePublished: times.at(-1) ?? "1970-01-01T00:00:00.000Z",
    ...links,
  };
}

function licenseEntity(license: string | undefined): Entity {
  if (license === undefined) {
    return {
      "@id": "#license",
      "@type": "CreativeWork",
      name: "No licence stated",
      description: "The exporter of these results did not state terms of use.",
    };
  }
  const isAddress = /^https?:\/\/\S+$/.test(license);
  return {
    "@id": isAddress ? license : "#license",
    "@type": "CreativeWork",
    name: license,
    description: "The licence of these results, as stated by their exporter",
  };
}

function fileEntity({ path, size, sha256, name, description, encodingFormat }: ExportedFile) {
  return {
    "@id": pathId(path),
    "@type": "File",
    name: name ?? path,
    ...(description !== undefined && { description }),
    ...(encodingFormat !== undefined && { encodingFormat }),
    contentSize: String(size),
    sha256,
  };
}

/** The artifact of a complete run; an export without artifacts has only its manifest. */
function datasetEntity({ folder, label, manifest }: ExportedRun, files: readonly ExportedFile[]) {
  return {
    "@id": pathId(`${folder}/`),
    "@type": "Dataset",
    name: `${manifest!.output} of ${label}`,
    description: `digest ${manifest!.digest}`,
    identifier: manifest!.digest,
    hasPart: oneOrList(files.map(({ path }) => reference(pathId(path)))),
  };
}

function actionEntities(
  run: ExportedRun,
  known: ReadonlyMap<string, ExportedRun>,
  add: Add,
): Entity {
  const { manifest, status, why, label, started, ended, folder } = run;
  const object = manifest === undefined ? [] : objectsOf(manifest, known, add);
  return {
    "@id": `#run-${run.run}`,
    "@type": "CreateAction",
    name: label,
    description: [why, manifest && circumstances(manifest)].filter(Boolean).join("; ") || label,
    startTime: withOffset(started),
    ...(ended !== null && { endTime: withOffset(ended) }),
    actionStatus: `http://schema.org/${status === "failed" ? "Failed" : "Completed"}ActionStatus`,
    instrument: instrument(run, add),
    ...(object.length > 0 && { object: oneOrList(object) }),
    ...(manifest !== undefined && { result: reference(pathId(`${folder}/`)) }),
  };
}

/** The profile's validator does not accept `Z`. */
function withOffset(time: string): string {
  return time.replace(/Z$/, "+00:00");
}

function circumstances({ circumstances: { host, versions } }: Manifest): string {
  const { processor, device, threads } = versions;
  return [
    `on ${host}${processor === undefined ? "" : ` (${processor})`}`,
    ...(device === undefined ? [] : [device]),
    ...(threads === undefined ? [] : [countText(Number(threads), "thread")]),
  ].join(", ");
}

/** The inputs of a run: artifacts, files from outside, parameters. */
function objectsOf(
  { preimage }: Manifest,
  known: ReadonlyMap<string, ExportedRun>,
  add: Add,
): Reference[] {
  const inputs = Object.entries(preimage.inputs).map(([port, key]) => {
    const made = known.get(key);
    if (made?.manifest !== undefined) return reference(pathId(`${made.folder}/`));
    return add({
      "@id": `#artifact-${key}`,
      "@type": "CreativeWork",
      name: `input \`${port}\`, no longer stored`,
      identifier: key,
    });
  });
  const outside = Object.entries(preimage.outside ?? {}).map(([role, digest]) =>
    add({
      "@id": `#outside-${shortDigest(role, digest)}`,
      "@type": "CreativeWork",
      name: `${role}, from outside the project`,
      identifier: digest,
    })
  );
  const parameters = Object.entries(preimage.parameters).map(([name, value]) => {
    return add({
      "@id": `#parameter-${shortDigest(name, JSON.stringify(value))}`,
      "@type": "PropertyValue",
      name,
      value: valueText(value),
    });
  });
  return [...inputs, ...outside, ...parameters];
}

/** The code of the stage, with the software it ran on. */
function instrument({ kind, manifest }: ExportedRun, add: Add): Reference {
  if (manifest === undefined) {
    return add({ "@id": `#stage-${kind}`, "@type": "SoftwareApplication", name: kind });
  }
  const { deno, library } = manifest.circumstances.versions;
  const softwareRequirements = [
    ...(deno === undefined ? [] : [add(software("Deno", deno, "https://deno.com"))]),
    ...(library === undefined
      ? []
      : [add(software("TensorFlow", library, "https://www.tensorflow.org"))]),
  ];
  const { code } = manifest.preimage;
  const name = `${kind}-${shortDigest(code, ...softwareRequirements.map((one) => one["@id"]))}`;
  return add({
    "@id": `#stage-${name}`,
    "@type": "SoftwareApplication",
    name: kind,
    description: "A stage; its version is the digest of its code and everything it imports",
    softwareVersion: code,
    softwareRequirements: oneOrList(softwareRequirements),
  });
}

function software(name: string, version: string, url: string): Entity {
  return {
    "@id": `#software-${encodeURIComponent(`${name.toLowerCase()}-${version}`)}`,
    "@type": "SoftwareApplication",
    name,
    softwareVersion: version,
    url,
  };
}

/** A path as a relative URL. */
export function pathId(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function shortDigest(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/** The metadata and the root first, the others by `@id`. */
function inOrder(entities: readonly Entity[]): Entity[] {
  const rank = ({ "@id": id }: Entity) => id === "ro-crate-metadata.json" ? 0 : id === "./" ? 1 : 2;
  return entities.toSorted((one, other) =>
    rank(one) - rank(other) || (one["@id"] < other["@id"] ? -1 : 1)
  );
}

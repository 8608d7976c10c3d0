/** A stage's context without a pipeline: folders of a temporary folder, rows kept in memory. */
import * as v from "valibot";
import type { Scalar, StageContext, StageDefinition } from "../../pipeline/contract/stage.ts";

export type Row = Readonly<Record<string, Scalar>>;

export interface LooseRun {
  readonly stage: StageDefinition;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Port -> folder of the artifact it reads. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Role -> path of what the stage reads from outside. */
  readonly files?: Readonly<Record<string, string>>;
  /** Port -> as `files`, of the stage that wrote that artifact. */
  readonly inputFiles?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly folder: string;
  readonly resumeFolder?: string;
  /** Rows by table: given again to a second run, they are what a resumed run finds. */
  readonly rows?: Map<string, Row[]>;
  readonly signal?: AbortSignal;
  /** Called with each report. */
  readonly onReport?: (done: number) => void;
  readonly onSay?: (line: string) => void;
}

/** What a stage records, kept in rows by table; metrics are rows of table `metric`. */
export function recordIn(rows: Map<string, Row[]>): StageContext<unknown>["record"] {
  const add = (table: string, row: Row) => rows.set(table, [...(rows.get(table) ?? []), row]);
  return {
    row: add,
    measurement() {},
    metric: (name, value, where = {}) => add("metric", { name, value, split: where.split ?? null }),
    retain: (table, keep) => rows.set(table, (rows.get(table) ?? []).filter(keep)),
  };
}

/** Runs a stage and gives its rows by table; metrics are rows of table `metric`. */
export async function runStage(
  { stage, parameters, inputs = {}, folder, resumeFolder = `${folder}.resume`, ...rest }: LooseRun,
): Promise<Map<string, Row[]>> {
  const { files = {}, inputFiles = {} } = rest;
  const { rows = new Map<string, Row[]>(), signal = new AbortController().signal } = rest;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.mkdir(resumeFolder, { recursive: true });
  const digests = await Promise.all(
    Object.values(inputs).map(async (path) => JSON.stringify(await digestsBelow(path))),
  );
  await stage.run({
    parameters: v.parse(stage.parameters, parameters),
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([port, path], place) => [port, {
        folder: path,
        key: digests[place]!,
        files: inputFiles[port] ?? {},
      }]),
    ),
    files,
    folder,
    resumeFolder,
    record: recordIn(rows),
    progress: { report: (done) => rest.onReport?.(done), say: (line) => rest.onSay?.(line) },
    threads: 2,
    signal,
  });
  return rows;
}

/** SHA-256 of every file below a folder. */
export async function digestsBelow(folder: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (
    const entry of Array.from(Deno.readDirSync(folder)).sort((a, b) => a.name < b.name ? -1 : 1)
  ) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) {
      const inner = await digestsBelow(path);
      for (const [name, digest] of Object.entries(inner)) digests[`${entry.name}/${name}`] = digest;
    } else {
      const hash = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
      digests[entry.name] = new Uint8Array(hash).toHex();
    }
  }
  return digests;
}

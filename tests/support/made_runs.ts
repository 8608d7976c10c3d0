/** Complete runs with made-up contents, written into a results folder as the pipeline leaves them. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { keyOf, type Preimage } from "../../pipeline/key/key.ts";
import { digestOfFiles, type Manifest } from "../../pipeline/store/manifest.ts";
import type { Scalar } from "../../pipeline/contract/stage.ts";

type Point = Readonly<Record<string, Scalar>>;
type Tables = Readonly<Record<string, readonly object[]>>;

export interface MadeRun {
  readonly label: string;
  readonly stage: string;
  readonly key: string;
  readonly point: Point;
  readonly preimage: Preimage;
}

export interface Recipe {
  readonly stage: string;
  readonly kind: string;
  readonly output: string;
  readonly parameters?: Preimage["parameters"];
  readonly inputs?: Readonly<Record<string, MadeRun>>;
  readonly point?: Point;
  /** Tables of the artifact. */
  readonly rows?: Tables;
  /** Tables of the log. */
  readonly measurements?: Tables;
  /** Further files of the artifact, by path. */
  readonly files?: ReadonlyMap<string, string | Uint8Array>;
}

export interface MakerOptions {
  readonly experiment: string;
  readonly compute?: (kind: string) => Preimage["compute"];
  readonly versions?: Readonly<Record<string, string>>;
  /** Seconds that a run with these parameters took. */
  readonly secondsOf?: (parameters: Preimage["parameters"]) => number;
  /** Labels of runs that are requested but not written. */
  readonly without?: readonly string[];
}

/** Empty folders of a store. */
export function makeFolders(root: string): void {
  for (const folder of ["artifacts", "pending", "state/requested"]) {
    Deno.mkdirSync(`${root}/${folder}`, { recursive: true });
  }
}

/** @returns writes a run; runs start one second apart, from 2026-01-01T00:00:10Z */
export function runMaker(root: string, options: MakerOptions): (recipe: Recipe) => MadeRun {
  const { experiment, compute = () => null, versions = {}, without = [] } = options;
  const { secondsOf = () => 0.5 } = options;
  let second = 10;
  return (recipe) => {
    const { stage, kind, output, parameters = {}, inputs = {}, point = {} } = recipe;
    const preimage: Preimage = {
      engine: 1,
      stage: kind,
      code: sha256(kind),
      parameters,
      inputs: Object.fromEntries(Object.entries(inputs).map(([port, { key }]) => [port, key])),
      compute: compute(kind),
    };
    const key = keyOf(preimage);
    const axes = Object.entries(point).map(([axis, value]) => `${axis}=${value}`);
    const label = axes.length === 0 ? stage : `${stage}[${axes.join(",")}]`;
    const made = { label, stage, key, point, preimage };
    if (without.includes(label)) return made;
    const folder = `${root}/artifacts/${kind}/${key}`;
    const tables = Object.entries(recipe.rows ?? {});
    const contents = new Map<string, string | Uint8Array>([
      ["made.json", `${JSON.stringify(parameters)}\n`],
      ...recipe.files ?? [],
      ...tables.map(([table, rows]) => [`rows/${table}.jsonl`, jsonLines(rows)] as const),
    ]);
    for (const [path, content] of contents) write(`${folder}/artifact/${path}`, content);
    for (const [table, rows] of Object.entries(recipe.measurements ?? {})) {
      write(`${folder}/log/${table}.jsonl`, jsonLines(rows));
    }
    const files = [...contents].sort(([a], [b]) => a < b ? -1 : 1).map(([path, content]) => ({
      path,
      size: Buffer.byteLength(content),
      sha256: sha256(content),
    }));
    const manifest: Manifest = {
      format: 1,
      key,
      preimage,
      output,
      inputDigests: {},
      files,
      digest: digestOfFiles(files),
      circumstances: {
        experiment,
        label,
        stage,
        point,
        why: "not computed yet",
        started: new Date(Date.UTC(2026, 0, 1, 0, 0, second++)).toISOString(),
        seconds: secondsOf(parameters),
        host: "machine",
        versions: { deno: "2.9.6", ...preimage.compute, ...versions },
      },
    };
    write(`${folder}/manifest.json`, `${JSON.stringify(manifest)}\n`);
    return made;
  };
}

/** Writes a file and creates the folders above it. */
export function write(path: string, content: string | Uint8Array): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeFileSync(
    path,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
}

export function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** 1 .. count */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

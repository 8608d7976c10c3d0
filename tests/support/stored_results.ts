/**
 * A results folder as runs leave it, with made-up numbers: scenes -> features -> weights -> tuned by
 * alignment and seed -> recall and relations, asked twice with different `steps`. The database is
 * made from it by whoever asks.
 */
import { createHash } from "node:crypto";
import { keyOf, type Preimage } from "../../pipeline/key/key.ts";
import { digestOfFiles, type Manifest } from "../../pipeline/store/manifest.ts";
import { listRequests, type RequestRecord } from "../../results/database/stored_files.ts";
import type { Scalar } from "../../pipeline/contract/stage.ts";

export const storedExperiment = "scenes_iais";

type Point = Readonly<Record<string, Scalar>>;
type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

interface Made {
  readonly label: string;
  readonly stage: string;
  readonly key: string;
  readonly point: Point;
  readonly preimage: Preimage;
}

interface Recipe {
  readonly stage: string;
  readonly kind: string;
  readonly output: string;
  readonly parameters: Readonly<Record<string, Scalar>>;
  readonly inputs: Readonly<Record<string, Made>>;
  readonly point?: Point;
  readonly rows?: Rows;
  readonly measurements?: Rows;
}

/** What was asked of a results folder, the last one last. */
export function storedRequests(root: string): RequestRecord[] {
  return listRequests(root).sort((a, b) => a.asked < b.asked ? -1 : 1);
}

/** Fills an empty folder. */
export function storeResults(root: string): void {
  for (const folder of ["artifacts", "pending", "state/asked"]) {
    Deno.mkdirSync(`${root}/${folder}`, { recursive: true });
  }
  const make = maker(root);
  const before = make({
    stage: "scenes",
    kind: "make_scenes",
    output: "scenes",
    parameters: { images: 12, seed: 42 },
    inputs: {},
  });
  const features = make({
    stage: "features",
    kind: "extract_features",
    output: "features",
    parameters: { regions: "objects" },
    inputs: { from: before },
    rows: {
      region_coverage: [{ image: "test_0", split: "test", objects: 4, covered: 3 }],
    },
  });
  const weights = make({
    stage: "weights",
    kind: "pretrain",
    output: "model",
    parameters: { steps: 5, seed: 42 },
    inputs: { features },
    rows: {
      training_step: numbers(5).map((step) => ({ step, phase: "pretrain", loss: 7 - step / 5 })),
    },
  });
  for (const [asking, steps] of [20, 40].entries()) {
    const nodes = [before, features, weights];
    for (const [variant, alignment] of ["none", "singular", "distributed", "sparse"].entries()) {
      for (const seed of [1, 2, 3]) {
        nodes.push(...variantRuns({ make, features, weights, steps, alignment, variant, seed }));
      }
    }
    ask(root, nodes, asking, steps);
  }
}

/** One training with what is measured of it. */
function variantRuns({ make, features, weights, steps, alignment, variant, seed }: {
  make: (recipe: Recipe) => Made;
  features: Made;
  weights: Made;
  steps: number;
  alignment: string;
  variant: number;
  seed: number;
}): Made[] {
  const point = { alignment, seed };
  const tuned = make({
    stage: "tuned",
    kind: "fine_tune",
    output: "model",
    parameters: { steps, alignment, seed },
    inputs: { features, weights },
    point,
    rows: {
      training_step: numbers(steps).map((step) => ({
        step,
        phase: "fine_tune",
        loss: 0.4 / step + variant / 100,
        rank_loss: 0.4 / step,
        alignment_loss: variant === 0 ? null : 0.1 / step,
        lr: 0.001,
        grad_norm: step === 1 ? "Infinity" : 1,
      })),
      validation: [{ step: steps, i2t_r1: 0.1, t2i_r1: 0.1 + variant / 100, rsum: 2 }],
    },
    measurements: {
      training_speed: numbers(steps).map((step) => ({ step, seconds: 0.5, pairs_per_second: 64 })),
    },
  });
  const recall = make({
    stage: "recall",
    kind: "evaluate",
    output: "recall",
    parameters: { split: "test" },
    inputs: { model: tuned, features },
    point,
    rows: {
      metric: ["i2t", "t2i"].flatMap((direction) =>
        [1, 5, 10].map((k) => ({
          name: `${direction}_r${k}`,
          split: "test",
          value: (10 + k * 4 + variant + (seed * (variant + 1)) % 3) / 100,
        }))
      ),
      query_rank: ["i2t", "t2i"].flatMap((direction) =>
        numbers(6).map((query) => ({
          direction,
          query: `${direction}_${query}`,
          split: "test",
          rank: 1 + (query + variant + (query > 4 ? seed : 0)) % 4,
          ties: 0,
          top_ids: "[]",
          top_scores: "[]",
        }))
      ),
      pair_score: [
        { pair: "swap_1", kind: "relation", s00: 1, s01: 0.5, s10: 0.25, s11: 1, text_right: true },
      ],
    },
    measurements: { scoring_speed: [{ pairs: 720, seconds: 1.5 }] },
  });
  const relations = make({
    stage: "relations",
    kind: "analyse_attention",
    output: "relations",
    parameters: { split: "test" },
    inputs: { model: tuned, features },
    point,
    rows: {
      relation_distance: numbers(4).map((text) => ({
        split: "test",
        text: `text_${text}`,
        image: "test_0",
        layer: 0,
        alignment: text % 2 === 0 ? "singular" : "distributed",
        isd_text: text / 10 + variant / 20 + seed / 100,
        isd_image: text / 12,
        isda: null,
        objects: 2,
      })),
    },
  });
  return [tuned, recall, relations];
}

/** Writes complete artifacts, each once, a second of made-up time after the one before. */
function maker(root: string): (recipe: Recipe) => Made {
  let seconds = 10;
  return (
    { stage, kind, output, parameters, inputs, point = {}, rows = {}, measurements = {} },
  ) => {
    const preimage: Preimage = {
      engine: 1,
      stage: kind,
      code: sha256(kind),
      parameters,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([port, { key }]) => [port, key]),
      ),
      compute: kind === "fine_tune" ? { device: "cpu", library: "2.21.0", threads: "2" } : null,
    };
    const key = keyOf(preimage);
    const axes = Object.entries(point).map(([axis, value]) => `${axis}=${value}`);
    const label = axes.length === 0 ? stage : `${stage}[${axes.join(",")}]`;
    const folder = `${root}/artifacts/${kind}/${key}`;
    const contents = new Map([["made.json", `${JSON.stringify(parameters)}\n`]]);
    for (const [table, list] of Object.entries(rows)) {
      contents.set(`rows/${table}.jsonl`, jsonLines(list));
    }
    for (const [path, text] of contents) write(`${folder}/artifact/${path}`, text);
    for (const [table, list] of Object.entries(measurements)) {
      write(`${folder}/log/${table}.jsonl`, jsonLines(list));
    }
    const files = [...contents].sort(([a], [b]) => a < b ? -1 : 1).map(([path, text]) => ({
      path,
      size: new TextEncoder().encode(text).length,
      sha256: sha256(text),
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
        experiment: storedExperiment,
        label,
        stage,
        point,
        why: "not computed yet",
        started: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds++)).toISOString(),
        seconds: 0.5 + Number(parameters["steps"] ?? 0),
        host: "machine",
        versions: {
          deno: "2.9.6",
          ...preimage.compute,
          processor: "Abacus 1",
          memory: "1.0 GiB",
        },
      },
    };
    write(`${folder}/manifest.json`, `${JSON.stringify(manifest)}\n`);
    return { label, stage, key, point, preimage };
  };
}

/** The second asking comes after the first has made what both need. */
function ask(root: string, nodes: readonly Made[], asking: number, steps: number): void {
  const id = sha256(`asking ${asking}`);
  const asked = {
    id,
    experiment: storedExperiment,
    file: "experiments/scenes_iais.yaml",
    baseline: { alignment: "none" },
    nodes,
    asked: new Date(Date.UTC(2026, 0, 1, 0, 0, asking === 0 ? 0 : 49)).toISOString(),
    source: {
      text: `name: ${storedExperiment}\nseed: 42\nstages: {} # made up\n`,
      set: asking === 0 ? [] : [`tuned.steps=${steps}`],
    },
  };
  write(`${root}/state/asked/${id}.json`, `${JSON.stringify(asked)}\n`);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

function write(path: string, text: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(path, text);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

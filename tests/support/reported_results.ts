/**
 * A results folder of any size with everything that a report can show: scenes with pictures, features
 * with captions, trainings with curves, recalls with ranks, relations with attentions. Numbers are made
 * up. Names can be as bad as names from outside can be.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import sharp from "sharp";
import { keyOf, type Preimage } from "../../pipeline/key/key.ts";
import { digestOfFiles } from "../../pipeline/store/manifest.ts";

export interface ReportedOptions {
  readonly variants: readonly string[];
  readonly seeds: number;
  /** Images of the test split; each has two captions. */
  readonly images?: number;
  readonly steps?: number;
  /** What a caption says. */
  readonly caption?: (image: number, which: number) => string;
  readonly imageId?: (image: number) => string;
  readonly compare?: string;
  /** A second stage evaluates the same models, and ranks in another way. */
  readonly again?: boolean;
  /** ISD over words of all captions of a variant; each its own without it. */
  readonly distance?: (variant: number) => number;
  /** Whose relations are measured; layer 1 without it. */
  readonly layers?: readonly number[];
  /** Without pictures nothing has to be drawn. */
  readonly pictures?: boolean;
  /** K of the recalls; by default 1, 5 and 10. */
  readonly recallAt?: readonly number[];
  /** More metrics of each evaluation, on `test`. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** More parameters of the evaluations. */
  readonly evaluate?: Preimage["parameters"];
  /** Labels of runs that were asked for and are not there. */
  readonly without?: readonly string[];
}

export const reportedExperiment = "reported";

interface Made {
  readonly label: string;
  readonly stage: string;
  readonly key: string;
  readonly point: Readonly<Record<string, string | number>>;
  readonly preimage: Preimage;
}

type Rows = Readonly<Record<string, readonly object[]>>;

/** Fills an empty folder. */
export async function storeReported(root: string, options: ReportedOptions): Promise<void> {
  const {
    variants,
    seeds,
    images = 6,
    steps = 20,
    caption = (image, which) => `caption ${which} of image ${image}`,
    imageId = (image) => `test_${image}`,
    pictures = true,
    recallAt = [1, 5, 10],
    evaluate = {},
    without = [],
  } = options;
  const metrics = Object.entries(options.metrics ?? {})
    .map(([name, value]) => ({ name, split: "test", value }));
  for (const folder of ["artifacts", "pending", "state/asked"]) {
    Deno.mkdirSync(`${root}/${folder}`, { recursive: true });
  }
  const make = maker(root, without);
  const ids = numbers(images).map((place) => imageId(place - 1));
  const captions = ids.flatMap((image, place) =>
    [0, 1].map((which) => ({
      id: `${image}_${which}`,
      image,
      split: "test",
      text: caption(place, which),
    }))
  );
  const files = new Map<string, string | Uint8Array>();
  files.set(
    "scenes.jsonl",
    lines(ids.map((id, place) => ({ id, split: "test", file: `images/${place}.png` }))),
  );
  if (pictures) {
    for (const place of ids.keys()) files.set(`images/${place}.png`, await drawing(place));
  }
  const scenes = make({ stage: "scenes", kind: "make_scenes", output: "scenes", files });
  const features = make({
    stage: "features",
    kind: "extract_features",
    output: "features",
    inputs: { from: scenes },
    files: new Map([["captions.jsonl", lines(captions)]]),
  });
  const nodes = [scenes, features];
  variants.forEach((alignment, variant) => {
    for (const seed of numbers(seeds)) {
      const point = { alignment, seed };
      const tuned = make({
        stage: "tuned",
        kind: "fine_tune",
        output: "model",
        parameters: { steps, ...point },
        inputs: { features },
        point,
        rows: { training_step: trainingRows(steps, variant, seed) },
      });
      const shared = { inputs: { model: tuned, features }, point, parameters: { split: "test" } };
      const recall = make({
        ...shared,
        stage: "recall",
        kind: "evaluate",
        output: "recall",
        parameters: { split: "test", ...evaluate },
        rows: {
          metric: [...metricRows(recallAt, variant, seed), ...metrics],
          query_rank: rankRows(ids, captions, variant, seed),
        },
      });
      const relations = make({
        ...shared,
        stage: "relations",
        kind: "analyse_attention",
        output: "relations",
        rows: { relation_distance: distanceRows(captions, variant, seed, options) },
        files: new Map([[
          "attention_samples.jsonl",
          lines(
            captions.filter((_, place) => place % 2 === 0).slice(0, 3)
              .map((one) => sample(one, variant)),
          ),
        ]]),
      });
      nodes.push(tuned, recall, relations);
      if (options.again !== true) continue;
      nodes.push(make({
        ...shared,
        stage: "recall_again",
        kind: "evaluate",
        output: "recall",
        parameters: { split: "test", again: true },
        rows: {
          metric: metricRows(recallAt, variant + variants.length, seed),
          query_rank: rankRows(ids, captions, variant + variants.length, seed),
        },
      }));
    }
  });
  const asked = {
    id: sha256(JSON.stringify(nodes.map(({ key }) => key))),
    experiment: reportedExperiment,
    file: "experiments/reported.yaml",
    baseline: { alignment: variants[0]! },
    ...(options.compare !== undefined && { compare: options.compare }),
    nodes,
    asked: new Date(Date.UTC(2026, 0, 1)).toISOString(),
    source: { text: "", set: [] },
  };
  write(`${root}/state/asked/${asked.id}.json`, JSON.stringify(asked));
}

function trainingRows(steps: number, variant: number, seed: number) {
  return numbers(steps).map((step) => ({
    step,
    phase: "fine_tune",
    loss: 0.4 / Math.sqrt(step) + variant / 50 + seed / 500,
    rank_loss: step === 2 ? "Infinity" : 0.4 / Math.sqrt(step),
    alignment_loss: variant === 0 ? null : (variant + 1) / (10 + step),
    alignment_weight: variant === 0 ? null : Math.exp(5 * (step / steps - 1)),
  }));
}

function metricRows(recallAt: readonly number[], variant: number, seed: number) {
  const recalls = ["i2t", "t2i"].flatMap((direction) =>
    recallAt.map((k) => ({
      name: `${direction}_r${k}`,
      split: "test",
      value: Math.min(1, (20 + 4 * k + 2 * variant + (seed * 7) % 3) / 100),
    }))
  );
  return [...recalls, { name: "pair_text", split: "swap", value: 0.25 }];
}

type Captions = readonly { id: string; image: string; text: string }[];

function rankRows(images: readonly string[], captions: Captions, variant: number, seed: number) {
  const row = (
    direction: string,
    { query, image }: { query: string; image: string },
    place: number,
    answers: readonly string[],
  ) => {
    const rank = 1 + ((place * 7919 + variant * 104729 + seed * 1299709) % 1009) % 3;
    const top = Array.from({ length: 10 }, (_, at) => answers[(place + at) % answers.length]!);
    return {
      direction,
      query,
      split: "test",
      rank,
      ties: 0,
      top_ids: JSON.stringify(top),
      top_scores: "[]",
      image,
    };
  };
  const texts = captions.map(({ id }) => id);
  return [
    ...images.map((id, place) => row("i2t", { query: id, image: id }, place, texts)),
    ...captions.map(({ id, image }, place) => row("t2i", { query: id, image }, place, images)),
  ];
}

function distanceRows(
  captions: Captions,
  variant: number,
  seed: number,
  { distance, layers = [1] }: ReportedOptions,
) {
  return captions.flatMap(({ id, image }, place) =>
    layers.flatMap((layer) =>
      ["singular", "distributed"].map((alignment) => ({
        split: "test",
        text: id,
        image,
        layer,
        alignment,
        isd_text: distance?.(variant) ?? 0.5 - variant / 20 + place / 100,
        isd_image: 0.0000442 + place / 90,
        isda: place % 5 === 0 ? null : 0.2 + layer / 10 - variant / 30 + seed / 100 + place / 80,
        objects: 2 + place % 3,
      }))
    )
  );
}

/** Rows that sum to one, and differ by variant. */
function sample({ id, image, text }: Captions[number], variant: number) {
  const words = text.split(" ");
  const row = (columns: number, place: number) => {
    const weights = numbers(columns).map((at) => 1 + ((at * (place + 2) + variant) % 5));
    const total = weights.reduce((sum, one) => sum + one, 0);
    return weights.map((one) => Number((one / total).toFixed(4)));
  };
  const matrix = (rows: number, columns: number) =>
    numbers(rows).map((place) => row(columns, place));
  const count = words.length;
  return {
    split: "test",
    text: id,
    image,
    caption: text,
    words,
    boxes: [[0.1, 0.1, 0.4, 0.5], [0.5, 0.4, 0.9, 0.8]],
    objects: [],
    layers: [0, 1].map((layer) => ({
      layer,
      wordToWord: matrix(count, count),
      regionToRegion: matrix(2, 2),
      wordToRegion: matrix(count, 2),
      regionToWord: matrix(2, count),
      isda: layer === 0 ? null : 0.25,
      alignments: ["singular", "distributed"].map((name) => ({
        name,
        aligned: matrix(count, count),
        isdText: 0.5,
        isdImage: 0.25,
      })),
    })),
  };
}

async function drawing(place: number): Promise<Uint8Array> {
  const background = { r: 40 * place % 256, g: 120, b: 255 - 30 * place % 256 };
  return await sharp({ create: { width: 64, height: 48, channels: 3, background } }).png()
    .toBuffer();
}

interface Recipe {
  readonly stage: string;
  readonly kind: string;
  readonly output: string;
  readonly parameters?: Preimage["parameters"];
  readonly inputs?: Readonly<Record<string, Made>>;
  readonly point?: Readonly<Record<string, string | number>>;
  readonly rows?: Rows;
  readonly files?: ReadonlyMap<string, string | Uint8Array>;
}

function maker(root: string, without: readonly string[]): (recipe: Recipe) => Made {
  let seconds = 10;
  return (
    {
      stage,
      kind,
      output,
      parameters = {},
      inputs = {},
      point = {},
      rows = {},
      files = new Map(),
    },
  ) => {
    const preimage: Preimage = {
      engine: 1,
      stage: kind,
      code: sha256(kind),
      parameters,
      inputs: Object.fromEntries(Object.entries(inputs).map(([port, { key }]) => [port, key])),
      compute: null,
    };
    const key = keyOf(preimage);
    const axes = Object.entries(point).map(([axis, value]) => `${axis}=${value}`);
    const label = axes.length === 0 ? stage : `${stage}[${axes.join(",")}]`;
    const made = { label, stage, key, point, preimage };
    if (without.includes(label)) return made;
    const folder = `${root}/artifacts/${kind}/${key}`;
    const contents = new Map([
      ["made.json", JSON.stringify(parameters)] as const,
      ...files,
      ...Object.entries(rows).map(([table, list]) => [`rows/${table}.jsonl`, lines(list)] as const),
    ]);
    for (const [path, content] of contents) write(`${folder}/artifact/${path}`, content);
    const listed = [...contents].sort(([a], [b]) => a < b ? -1 : 1).map(([path, content]) => ({
      path,
      size: Buffer.byteLength(content),
      sha256: sha256(content),
    }));
    const manifest = {
      format: 1,
      key,
      preimage,
      output,
      inputDigests: {},
      files: listed,
      digest: digestOfFiles(listed),
      circumstances: {
        experiment: reportedExperiment,
        label,
        stage,
        point,
        why: "not computed yet",
        started: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds++)).toISOString(),
        seconds: 0.5,
        host: "machine",
        versions: { deno: "2.9.6" },
      },
    };
    write(`${folder}/manifest.json`, JSON.stringify(manifest));
    return made;
  };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function lines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

function write(path: string, content: string | Uint8Array): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeFileSync(
    path,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

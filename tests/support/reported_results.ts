/**
 * A results folder of any size with everything that a report can show: scenes with pictures, features
 * with captions, trainings with curves, recalls with ranks, relations with attentions. Numbers are made
 * up; names can be as hostile as names from outside.
 */
import sharp from "sharp";
import type { Preimage } from "../../pipeline/key/key.ts";
import { jsonLines, makeFolders, numbers, runMaker, sha256, write } from "./made_runs.ts";

export interface ReportedOptions {
  readonly variants: readonly string[];
  readonly seeds: number;
  /** Images of the test split; each has two captions. */
  readonly images?: number;
  readonly steps?: number;
  /** Text of a caption. */
  readonly caption?: (image: number, which: number) => string;
  readonly imageId?: (image: number) => string;
  readonly compare?: string;
  /** A second stage evaluates the same models, with other ranks. */
  readonly again?: boolean;
  /** ISD over words, the same for all captions of a variant; by default it varies. */
  readonly distance?: (variant: number) => number;
  /** Whether entropies and distances of wrong pictures were measured. */
  readonly attention?: boolean;
  /** Layers with measured relations; by default, layer 1. */
  readonly layers?: readonly number[];
  /** Whether to draw pictures; true by default. */
  readonly pictures?: boolean;
  /** K of the recalls; 1, 5 and 10 by default. */
  readonly recallAt?: readonly number[];
  /** Further metrics of each evaluation, on `test`. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Accuracies on swapped pairs of each evaluation, on `swap`. */
  readonly pairs?: Readonly<Record<string, number>>;
  /** Name of an oracle -> its metrics by split. */
  readonly oracles?: Readonly<Record<string, Readonly<Record<string, Record<string, number>>>>>;
  /** Further parameters of the evaluations. */
  readonly evaluate?: Preimage["parameters"];
  /** Whether the training of a variant and seed has flattened its attention; undefined: no such metric. */
  readonly flattened?: (variant: string, seed: number) => boolean | undefined;
  /** Labels of requested runs without results. */
  readonly without?: readonly string[];
}

export const reportedExperiment = "reported";

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
  const metricsOf = (split: string, values: Readonly<Record<string, number>> = {}) =>
    Object.entries(values).map(([name, value]) => ({ name, split, value }));
  const metrics = [...metricsOf("test", options.metrics), ...metricsOf("swap", options.pairs)];
  makeFolders(root);
  const make = runMaker(root, { experiment: reportedExperiment, without });
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
    jsonLines(ids.map((id, place) => ({ id, split: "test", file: `images/${place}.png` }))),
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
    files: new Map([["captions.jsonl", jsonLines(captions)]]),
  });
  const nodes = [scenes, features];
  for (const [stage, splits] of Object.entries(options.oracles ?? {})) {
    const rows = Object.entries(splits).flatMap(([split, values]) => metricsOf(split, values));
    nodes.push(make({
      stage,
      kind: "oracle",
      output: "recall",
      inputs: { scenes },
      parameters: { stage },
      rows: { metric: rows },
    }));
  }
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
        rows: {
          training_step: trainingRows(steps, variant, seed),
          metric: flattenedRows(options.flattened?.(alignment, seed)),
        },
      });
      const shared = { inputs: { model: tuned, features }, point, parameters: { split: "test" } };
      const recall = make({
        ...shared,
        stage: "recall",
        kind: "evaluate",
        output: "recall",
        parameters: { split: "test", ...evaluate },
        rows: {
          metric: [
            ...metricRows(recallAt, variant, seed).filter(({ name }) => !options.pairs?.[name]),
            ...metrics,
          ],
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
          jsonLines(
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
  const request = {
    id: sha256(JSON.stringify(nodes.map(({ key }) => key))),
    experiment: reportedExperiment,
    file: "experiments/reported.yaml",
    baseline: { alignment: variants[0]! },
    ...(options.compare !== undefined && { compare: options.compare }),
    nodes,
    requested: new Date(Date.UTC(2026, 0, 1)).toISOString(),
    source: { text: "", set: [] },
  };
  write(`${root}/state/requested/${request.id}.json`, JSON.stringify(request));
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

function flattenedRows(flattened: boolean | undefined) {
  return flattened === undefined
    ? []
    : [{ name: "flattened", split: null, value: flattened ? 1 : 0 }];
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
  { distance, layers = [1], attention = false }: ReportedOptions,
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
        ...attention && {
          entropy_text: variant === 0 ? 0.75 + layer / 8 : 1,
          entropy_image: 0.5,
          entropy_cross: 0.625,
          wrong_image: `wrong ${image}`,
          isd_text_wrong: 2 * (distance?.(variant) ?? 1),
          isd_image_wrong: 0.0000442 + place / 90,
        },
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

/** Times the real programs on made-up numbers of given sizes: a step, an update, scoring pairs. */
import * as tf from "@tensorflow/tfjs-core";
import type { Configuration } from "../model/configuration.ts";
import { embedImage, embedText } from "../model/embeddings.ts";
import type { Precision } from "../model/matrix_product.ts";
import { parameterTable, rankingParts, trainedNames } from "../model/parameters.ts";
import { pairScores } from "../model/uniter.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { compile } from "../tensorflow/programs/compile.ts";
import type { TensorTree } from "../tensorflow/programs/tensor_tree.ts";
import {
  type AdamwState,
  clippedUpdate,
  publishedAdamw,
  type UpdateOutputs,
  updateScalars,
} from "../train/adamw.ts";
import { type FineTuningObjective, fineTuningStep } from "../train/fine_tune/step.ts";
import { type ImageTable, imageTable } from "../batch/image_table.ts";
import type { TextTable } from "../batch/row_tables.ts";
import { takeImages, takeTexts } from "../batch/gather_rows.ts";
import { scalarTensors } from "../train/loop.ts";
import { zerosLike } from "../train/state.ts";

/** The sizes that the cost of a pair depends on. */
export interface PairSizes {
  readonly config: Configuration;
  /** Positions of a text. */
  readonly words: number;
  /** Positions of an image. */
  readonly regions: number;
}

/** Numbers of candidates and hard negatives that are measured; times are proportional to them. */
export const few = { candidates: 4, hard: 2 };

interface Compilation {
  readonly precision?: Precision | undefined;
  readonly xla: boolean;
}

const measured = new Map<string, unknown>();

/** Measures once per key: variants of a sweep share what does not depend on their alignment. */
function once<Result>(key: unknown, measure: () => Result): Result {
  const name = JSON.stringify(key);
  if (!measured.has(name)) measured.set(name, measure());
  return measured.get(name) as Result;
}

/** Seconds per pair without gradients, compilation excluded. */
export function measureScoring(
  compute: Compute,
  sizes: PairSizes,
  { precision, xla }: Compilation,
): number {
  const { config, words, regions } = sizes;
  return once(
    ["scoring", config, words, regions, precision, xla],
    () => scoringSeconds(compute, sizes, { precision, xla }),
  );
}

function scoringSeconds(
  compute: Compute,
  sizes: PairSizes,
  { precision, xla }: Compilation,
): number {
  const pairs = 2 * few.candidates;
  const { config } = sizes;
  using program = compile(compute, ({ weights, tables, rows }: ScoringInputs) => {
    const { tokens, wordMask } = takeTexts(tables, rows);
    const images = takeImages(tables, rows);
    return pairScores(weights, config, {
      textEmbedding: embedText(weights, config, tokens),
      wordMask,
      imageEmbedding: embedImage(weights, config, images, { precision }),
      regionMask: images.regionMask,
    }, { precision });
  }, { name: "examined_scoring", xla });
  const inputs = {
    weights: madeUpWeights(config, trainedNames(config, rankingParts)),
    tables: madeUpTables(sizes, pairs),
    rows: tf.range(0, pairs, 1, "int32"),
  };
  const { warm } = timed(() => program(inputs as never));
  tf.dispose(inputs as unknown as tf.TensorContainer);
  return warm / pairs;
}

type ScoringInputs = {
  readonly weights: Record<string, tf.Tensor>;
  readonly tables: TextTable & ImageTable;
  readonly rows: tf.Tensor;
};

/** Seconds of a micro-step with one anchor per direction. The first call includes compilation. */
export function measureStep(
  compute: Compute,
  sizes: PairSizes,
  { objective, candidates, xla }: {
    readonly objective: FineTuningObjective;
    readonly candidates: number;
    readonly xla: boolean;
  },
): { first: number; warm: number } {
  const { config } = sizes;
  const weights = madeUpWeights(config, trainedNames(config, rankingParts));
  const every = Int32Array.from({ length: candidates }, (_, place) => place);
  const inputs = {
    weights,
    tables: madeUpTables(sizes, candidates),
    batch: {
      imageAnchors: tf.tensor1d([0], "int32"),
      textCandidates: tf.tensor2d(every, [1, candidates], "int32"),
      textAnchors: tf.tensor1d([0], "int32"),
      imageCandidates: tf.tensor2d(every, [1, candidates], "int32"),
    },
    key: tf.tensor1d([1, 2], "int32"),
    alignmentWeight: tf.scalar(1),
    share: tf.scalar(1),
  };
  using step = compile(
    compute,
    (given: Parameters<typeof fineTuningStep>[2]) =>
      fineTuningStep(config, objective, given) as unknown as TensorTree,
    { name: "examined_step", xla },
  );
  const times = timed(() => step(inputs));
  tf.dispose(inputs as unknown as tf.TensorContainer);
  return times;
}

/** Seconds of an optimiser update. */
export function measureUpdate(
  compute: Compute,
  config: Configuration,
  { xla }: Compilation,
): { first: number; warm: number } {
  return once(["update", config, xla], () => {
    const options = { ...publishedAdamw, clip: 2 };
    using update = compile(
      compute,
      (given: Parameters<typeof clippedUpdate>[0]) =>
        clippedUpdate(given, options) as unknown as TensorTree & UpdateOutputs,
      { name: "examined_update", xla, consumes: "state" },
    );
    const weights = madeUpWeights(config, trainedNames(config, rankingParts));
    const gradients = zerosLike(weights);
    let state: AdamwState = { weights, first: zerosLike(weights), second: zerosLike(weights) };
    const scalars = scalarTensors({ ...updateScalars(1, 1e-5, options) });
    const times = timed(() => {
      const next = update({ state, gradients, scalars } as never);
      state = next.state;
      return next.norm;
    });
    tf.dispose([state, gradients, scalars] as unknown as tf.TensorContainer);
    return times;
  });
}

/** A call that takes longer is not measured a second time. */
const longSeconds = 3;

/** Seconds of the first call, compilation included, and of the faster one of two more calls. */
function timed(call: () => TensorTree): { first: number; warm: number } {
  const seconds = () => {
    const begun = performance.now();
    const made = call() as tf.TensorContainer;
    firstTensor(made).dataSync();
    tf.dispose(made);
    return (performance.now() - begun) / 1000;
  };
  const first = seconds();
  const warm = seconds();
  return { first, warm: warm > longSeconds ? warm : Math.min(warm, seconds()) };
}

function firstTensor(tree: tf.TensorContainer): tf.Tensor {
  if (tree instanceof tf.Tensor) return tree;
  return firstTensor(Object.values(tree as Record<string, tf.TensorContainer>)[0]!);
}

/** Small weights: nothing overflows, and no value is special. */
function madeUpWeights(
  config: Configuration,
  names: readonly string[],
): Record<string, tf.Tensor> {
  const shapes = new Map(parameterTable(config).map(({ name, shape }) => [name, shape]));
  return Object.fromEntries(names.map((name) => {
    const shape = [...shapes.get(name)!];
    const values = Float32Array.from(
      { length: tf.util.sizeFromShape(shape) },
      (_, i) => 0.01 * Math.sin(i),
    );
    return [name, tf.tensor(values, shape)];
  }));
}

function madeUpTables(
  { config, words, regions }: PairSizes,
  rows: number,
): TextTable & ImageTable & { [name: string]: tf.Tensor } {
  const places = Math.min(words, config.max_position_embeddings);
  const tokens = Int32Array.from(
    { length: rows * places },
    (_, i) => 1 + i % (config.vocab_size - 1),
  );
  return {
    tokens: tf.tensor2d(tokens, [rows, places], "int32"),
    words: tf.fill([rows], places, "int32"),
    ...madeUpImages({ rows, regions, featureDim: config.img_dim }),
  };
}

function madeUpImages(
  { rows, regions, featureDim }: {
    readonly rows: number;
    readonly regions: number;
    readonly featureDim: number;
  },
): ImageTable {
  const values = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i) / 2);
  const own = { features: values(regions * featureDim), boxes: values(regions * 7) };
  const images = Array.from({ length: rows }, (_, row) => ({ id: `${row}`, split: "", regions }));
  const source = { featureDim, read: () => own, [Symbol.dispose]() {} };
  return imageTable({ images, featureDim, regions: source }, [...images.keys()], { regions });
}

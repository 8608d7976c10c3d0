/**
 * What `doctor` measures: steps of the real programs on made-up numbers of the real sizes, with few
 * candidates, from which the time of a whole training or evaluation follows.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Examination, ExaminationContext, Facts } from "../../pipeline/stage.ts";
import type { Configuration } from "../model/configuration.ts";
import { embedImage, embedText } from "../model/embeddings.ts";
import type { Precision } from "../model/matrix_product.ts";
import { parameterTable, trainedNames } from "../model/parameters.ts";
import { pairScores } from "../model/uniter.ts";
import { type Compute, startCompute } from "../tensorflow/backend.ts";
import { compile, type TensorTree } from "../tensorflow/compile.ts";
import { updateScalars } from "./adamw.ts";
import { type FineTuningObjective, fineTuningStep } from "./fine_tuning_step.ts";
import { type ImageTable, takeImages, takeTexts, type TextTable } from "./pair_tables.ts";
import { scalarTensors } from "./training_loop.ts";
import { zerosLike } from "./training_state.ts";
import { clippedUpdate } from "./update.ts";

/** Sizes of a model as facts, for the stages that read it. */
export function modelFacts(config: Configuration): Facts {
  const numbers = Object.entries(config).filter(([, value]) => typeof value === "number");
  const weights = parameterTable(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return { ...Object.fromEntries(numbers) as Facts, weights };
}

export interface StepPlan {
  readonly objective: FineTuningObjective;
  readonly steps: number;
  readonly micro_steps: number;
  readonly anchors: number;
  readonly negatives: number;
  readonly validate_every: number;
  readonly validation_split: string;
  readonly validation_images: number;
  readonly xla: boolean;
}

/** Candidates of the measured step; times grow in proportion. */
const few = { candidates: 8, hard: 3 };

export async function examineFineTuning(
  { inputs, threads, progress }: ExaminationContext<unknown>,
  plan: StepPlan,
): Promise<Examination> {
  const sizes = sizesOf(inputs);
  const compute = await startCompute({ threads });
  progress.say("measuring a step of fine-tuning");
  const { objective, steps, micro_steps, anchors, negatives } = plan;
  const candidates = Math.min(few.candidates, 1 + negatives);
  const hardNegatives = Math.min(few.hard, objective.hardNegatives, candidates - 1);
  const step = measureStep(compute, sizes, {
    objective: { ...objective, hardNegatives },
    candidates,
    xla: plan.xla,
  });
  const pair = measureScoring(compute, sizes, { ...plan, precision: objective.precision });
  const trained = Math.max(0, step.seconds - 2 * candidates * pair.seconds) /
    (2 * (1 + hardNegatives));
  const microStep = 2 * anchors *
    ((1 + negatives) * pair.seconds + (1 + objective.hardNegatives) * trained);
  const update = micro_steps * microStep + step.updateSeconds;
  const captions = validationPairs(sizes.facts, plan);
  const validations = plan.validate_every === 0 ? 0 : Math.ceil(steps / plan.validate_every);
  const seconds = step.firstSeconds + steps * update + validations * captions * pair.seconds;
  const pairs = 2 * anchors * (1 + negatives);
  const { weights } = sizes.facts as { weights: number };
  return {
    findings: [{
      verdict: "ok",
      what: `an update of ${(pairs * micro_steps).toLocaleString("en")} pairs takes about ${
        rounded(update)
      } s, as ${2 * candidates} pairs tell`,
    }],
    facts: sizes.facts,
    seconds,
    memory: 1e9 + 8 * 4 * weights + pairs * pairMemory(sizes) +
      Math.min(2 ** 30, 4 * sizes.rows * sizes.regions * sizes.config.img_dim),
    disk: (plan.validate_every > 0 ? 5 : 4) * 4 * weights,
  };
}

export async function examineEvaluation(
  { inputs, threads, progress }: ExaminationContext<unknown>,
  { split, block, precision, xla }: {
    readonly split: string;
    readonly block: number;
    readonly precision: Precision;
    readonly xla: boolean;
  },
): Promise<Examination> {
  const sizes = sizesOf(inputs);
  const { [`${split}_captions`]: captions, [`${split}_images`]: images } = sizes.facts;
  if (captions === undefined || images === undefined) {
    return {
      findings: [{
        verdict: "bad",
        what: `there is no split \`${split}\``,
        fix: "name a split that the features hold",
      }],
    };
  }
  const compute = await startCompute({ threads });
  progress.say("measuring the scoring of pairs");
  const pair = measureScoring(compute, sizes, { precision, xla });
  const pairs = captions * images;
  return {
    findings: [{
      verdict: "ok",
      what: `${pairs.toLocaleString("en")} pairs to score, about ${
        rounded(1 / pair.seconds)
      } a second`,
    }],
    facts: {},
    seconds: pairs * pair.seconds,
    memory: 1e9 + 4 * sizes.facts["weights"]! + block * pairMemory(sizes) + 8 * pairs,
    disk: 8 * pairs,
  };
}

/** Two digits that count. */
const rounded = (value: number) =>
  Number(value.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 4 });

interface Sizes {
  readonly config: Configuration;
  readonly words: number;
  readonly regions: number;
  /** Images of the training split. */
  readonly rows: number;
  readonly facts: Facts;
}

/** Facts of the model and of the features, wherever they are read. */
function sizesOf(inputs: Readonly<Record<string, Facts>>): Sizes {
  const facts: Facts = Object.assign({}, ...Object.values(inputs));
  const { words = 2, regions = 1, train_images: rows = 0 } = facts;
  return { config: facts as unknown as Configuration, words, regions, rows, facts };
}

function validationPairs(facts: Facts, plan: StepPlan): number {
  const images = facts[`${plan.validation_split}_images`] ?? 0;
  const captions = facts[`${plan.validation_split}_captions`] ?? 0;
  if (images === 0) return 0;
  const kept = Math.min(images, plan.validation_images);
  return kept * kept * captions / images;
}

/** Bytes that a pair takes on its way through the encoder: hidden states and one layer's attention. */
function pairMemory({ config, words, regions }: Sizes): number {
  const positions = words + regions;
  const { hidden_size: hidden, intermediate_size: wide, num_attention_heads: heads } = config;
  return 4 * positions * (6 * hidden + 2 * wide + 2 * heads * positions);
}

/** Seconds per pair without gradient, programs being there. */
function measureScoring(
  compute: Compute,
  sizes: Sizes,
  { precision, xla }: { readonly precision?: Precision | undefined; readonly xla: boolean },
): { seconds: number } {
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
    }, { precision }) as tf.Tensor;
  }, { name: "examined_scoring", xla });
  const inputs = {
    weights: madeUpWeights(config, trainedNames(config, ["ranking"])),
    tables: madeUpTables(sizes, pairs),
    rows: tf.range(0, pairs, 1, "int32"),
  };
  const { warm } = timed(() => program(inputs as never));
  tf.dispose(inputs as unknown as tf.TensorContainer);
  return { seconds: warm / pairs };
}

type ScoringInputs = {
  readonly weights: Record<string, tf.Tensor>;
  readonly tables: TextTable & ImageTable;
  readonly rows: tf.Tensor;
};

function measureStep(
  compute: Compute,
  sizes: Sizes,
  { objective, candidates, xla }: {
    readonly objective: FineTuningObjective;
    readonly candidates: number;
    readonly xla: boolean;
  },
): { seconds: number; firstSeconds: number; updateSeconds: number } {
  const { config } = sizes;
  const weights = madeUpWeights(config, trainedNames(config, ["ranking"]));
  const every = Int32Array.from({ length: candidates }, (_, place) => place);
  const inputs = {
    weights,
    accumulated: zerosLike(weights),
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
  const { first, warm } = timed(() => step(inputs));
  const options = { beta1: 0.9, beta2: 0.98, eps: 1e-6, decay: 0.01, clip: 2 };
  using update = compile(
    compute,
    (given: Parameters<typeof clippedUpdate>[0]) =>
      clippedUpdate(given, options) as unknown as TensorTree,
    { name: "examined_update", xla },
  );
  const state = { weights, first: zerosLike(weights), second: zerosLike(weights) };
  const scalars = scalarTensors({ ...updateScalars(1, 1e-5, options) });
  const updated = timed(() => update({ state, gradients: inputs.accumulated, scalars } as never));
  tf.dispose([inputs, state, scalars] as unknown as tf.TensorContainer);
  return {
    seconds: warm,
    firstSeconds: first + updated.first - warm - updated.warm,
    updateSeconds: updated.warm,
  };
}

/** Seconds of the first call, compilation included, and of the faster of two more. */
function timed(call: () => TensorTree): { first: number; warm: number } {
  const once = () => {
    const begun = performance.now();
    const made = call() as tf.TensorContainer;
    firstTensor(made).dataSync();
    tf.dispose(made);
    return (performance.now() - begun) / 1000;
  };
  const first = once();
  return { first, warm: Math.min(once(), once()) };
}

function firstTensor(tree: tf.TensorContainer): tf.Tensor {
  if (tree instanceof tf.Tensor) return tree;
  return firstTensor(Object.values(tree as Record<string, tf.TensorContainer>)[0]!);
}

/** Weights near 0: no number overflows, and none is faster than another. */
function madeUpWeights(
  config: Configuration,
  names: readonly string[],
): Record<string, tf.Tensor> {
  const shapes = new Map(parameterTable(config).map(({ name, shape }) => [name, shape]));
  return Object.fromEntries(names.map((name) => {
    const shape = [...shapes.get(name)!];
    const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => 0.01 * Math.sin(i));
    return [name, tf.tensor(values, shape)];
  }));
}

function madeUpTables(
  { config, words, regions }: Sizes,
  rows: number,
): TextTable & ImageTable & { [name: string]: tf.Tensor } {
  const values = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i) / 2);
  const places = Math.min(words, config.max_position_embeddings);
  const tokens = Int32Array.from(
    { length: rows * places },
    (_, i) => 1 + i % (config.vocab_size - 1),
  );
  return {
    tokens: tf.tensor2d(tokens, [rows, places], "int32"),
    words: tf.fill([rows], places, "int32"),
    features: tf.tensor3d(values(rows * regions * config.img_dim), [rows, regions, config.img_dim]),
    boxes: tf.tensor3d(values(rows * regions * 7), [rows, regions, 7]),
    regions: tf.fill([rows], regions, "int32"),
  };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, side) => size * side, 1);
}

/**
 * What `doctor` estimates: it times steps of the real programs on made-up numbers of the real sizes,
 * with few candidates, and extrapolates to a whole training or evaluation.
 */
import type { Examination, ExaminationContext, Facts } from "../../pipeline/contract/stage.ts";
import type { TrainingSplits } from "../data/feature_set.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Precision } from "../model/matrix_product.ts";
import { isOfText } from "../model/branches.ts";
import { parameterTable } from "../model/parameters.ts";
import { featureBudget } from "../batch/feature_budget.ts";
import { bytesPerPair, scoringBlock } from "../score/scoring_block.ts";
import { startCompute } from "../tensorflow/kernels/backend.ts";
import { type FineTuningObjective, mines } from "../train/fine_tune/step.ts";
import {
  few,
  measureScoring,
  measureStep,
  measureUpdate,
  type PairSizes,
} from "./measured_programs.ts";

/** The sizes of a model, for the stages that read it. */
export function modelFacts(config: Configuration): Facts {
  const numbers = Object.entries(config).filter(([, value]) => typeof value === "number");
  const weights = parameterTable(config).reduce(
    (sum, { shape }) => sum + shape.reduce((size, side) => size * side, 1),
    0,
  );
  return { ...Object.fromEntries(numbers) as Facts, weights };
}

export interface StepPlan {
  readonly train: TrainingSplits;
  readonly train_images?: number | undefined;
  readonly objective: FineTuningObjective;
  readonly steps: number;
  readonly micro_steps: number;
  readonly anchors: number;
  readonly negatives: number;
  /** Number of negatives that are drawn for branches to choose from; 0 without branches. */
  readonly pool: number;
  readonly validate_every: number;
  readonly validation_split: string;
  readonly validation_images: number;
  readonly xla: boolean;
}

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
  // The cosines of branches cost nothing compared with the encoder.
  const measured = { ...objective, hardNegatives, branchWeight: 0 };
  const step = measureStep(compute, sizes, { objective: measured, candidates, xla: plan.xla });
  const { precision } = objective;
  const pair = measureScoring(compute, sizes, { precision, xla: plan.xla });
  const optimiser = measureUpdate(compute, sizes.config, { xla: plan.xla });
  const trained = Math.max(0, step.warm - 2 * minedPairs(measured, candidates - 1) * pair) /
    (2 * (1 + hardNegatives));
  const microStep = 2 * anchors *
    (minedPairs(objective, negatives) * pair + (1 + objective.hardNegatives) * trained);
  const update = micro_steps * microStep + optimiser.warm;
  const compiling = step.first - step.warm + optimiser.first - optimiser.warm;
  const validations = plan.validate_every === 0 ? 0 : Math.ceil(steps / plan.validate_every);
  const validating = validations * validationPairs(sizes.facts, plan) * pair;
  const pairs = 2 * anchors * (1 + negatives);
  const { weights } = sizes.facts as { weights: number };
  const frozen = objective.branchWeight ? textWeights(sizes.config) : 0;
  return {
    findings: [{
      verdict: "ok",
      what: `an update of ${(pairs * micro_steps).toLocaleString("en")} pairs takes about ${
        rounded(update)
      } s, extrapolated from ${2 * candidates} pairs`,
    }],
    facts: sizes.facts,
    seconds: compiling + steps * update + validating,
    memory: 1e9 + 8 * 4 * weights + pairs * pairMemory(sizes) +
      Math.min(
        featureBudget(compute),
        4 * imagesOf(sizes.facts, plan.train) * sizes.regions * sizes.config.img_dim,
      ),
    disk: 4 * (weights + frozen),
    scratch: (plan.validate_every > 0 ? 4 : 3) * 4 * weights,
  };
}

export async function examineEvaluation(
  { inputs, threads, progress }: ExaminationContext<unknown>,
  { split, block, precision, shortlist, xla }: {
    readonly split: string;
    readonly block?: number | undefined;
    readonly precision: Precision;
    /** Number of images that are scored per text; 0: all. */
    readonly shortlist: number;
    readonly xla: boolean;
  },
): Promise<Examination> {
  const sizes = sizesOf(inputs);
  const { [`${split}_captions`]: captions, [`${split}_images`]: images } = sizes.facts;
  // Not counted before the package with the word pieces is fetched.
  if (captions === undefined || images === undefined) return { findings: [], facts: {} };
  const compute = await startCompute({ threads });
  progress.say("measuring the scoring of pairs");
  const pair = measureScoring(compute, sizes, { precision, xla });
  const pairs = captions * (shortlist > 0 ? Math.min(images, 2 * shortlist) : images);
  return {
    findings: [{
      verdict: "ok",
      what: `${shortlist > 0 ? "at most " : ""}${pairs.toLocaleString("en")} pairs to score, ${
        rounded(1 / pair)
      } a second or more`,
    }],
    facts: {},
    seconds: pairs * pair,
    memory: 1e9 + 4 * sizes.facts["weights"]! + 8 * captions * images +
      (block ?? scoringBlock(compute, sizes.config, sizes)) * pairMemory(sizes),
    disk: 8 * captions * images,
  };
}

interface Sizes extends PairSizes {
  readonly facts: Facts;
}

/**
 * The time is that of the forward passes, of each caption with its own and a wrong picture; computing
 * distances is negligible.
 */
export async function examineAnalysis(
  { inputs, threads, progress }: ExaminationContext<unknown>,
  { split, limit = Infinity, block, precision, xla }: {
    readonly split: string;
    readonly limit?: number | undefined;
    readonly block: number;
    readonly precision: Precision;
    readonly xla: boolean;
  },
): Promise<Examination> {
  const sizes = sizesOf(inputs);
  const captions = sizes.facts[`${split}_captions`];
  if (captions === undefined) return { findings: [] };
  const compute = await startCompute({ threads });
  progress.say("measuring the scoring of pairs");
  const pairs = 2 * Math.min(captions, limit);
  return {
    findings: [],
    seconds: pairs * measureScoring(compute, sizes, { precision, xla }),
    memory: 1e9 + 4 * sizes.facts["weights"]! + block * pairMemory(sizes),
  };
}

/** Pairs of a problem that are scored to mine negatives. */
function minedPairs(objective: FineTuningObjective, negatives: number): number {
  return mines(objective, negatives) ? 1 + negatives : 0;
}

/** Number of weights of the text encoder, of which frozen branches have a copy. */
function textWeights(config: Configuration): number {
  return parameterTable(config).filter(({ name }) => isOfText(name))
    .reduce((sum, { shape }) => sum + shape.reduce((size, side) => size * side, 1), 0);
}

/** The facts of all inputs together: of the model and of the features. */
function sizesOf(inputs: Readonly<Record<string, Facts>>): Sizes {
  const facts: Facts = Object.assign({}, ...Object.values(inputs));
  const { words = 2, regions = 1 } = facts;
  return { config: facts as unknown as Configuration, words, regions, facts };
}

function imagesOf(facts: Facts, splits: TrainingSplits): number {
  return [splits].flat().reduce((sum, split) => sum + (facts[`${split}_images`] ?? 0), 0);
}

function validationPairs(facts: Facts, plan: StepPlan): number {
  const images = facts[`${plan.validation_split}_images`] ?? 0;
  const captions = facts[`${plan.validation_split}_captions`] ?? 0;
  if (images === 0) return 0;
  const kept = Math.min(images, plan.validation_images);
  return kept * kept * captions / images;
}

/** Bytes that a pair takes in the encoder: hidden states and the attention of one layer. */
const pairMemory = ({ config, ...sizes }: Sizes): number => bytesPerPair(config, sizes);

/** Rounded to two significant digits. */
const rounded = (value: number) =>
  Number(value.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 4 });

/**
 * The loop that pretraining and fine-tuning share: resume, step, log, checkpoint, save. The caller
 * passes a function that computes the gradients of an update.
 */
import * as tf from "@tensorflow/tfjs-core";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { yieldToEvents } from "../../pipeline/contract/progress.ts";
import type { StageContext } from "../../pipeline/contract/stage.ts";
import type { Configuration } from "../model/configuration.ts";
import { type HostWeights, weightsOnDevice } from "../model/weights.ts";
import { writeModel } from "../model/checkpoint/model_artifact.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { compileOnce } from "../tensorflow/programs/compile.ts";
import { clippedUpdate, publishedAdamw, updateScalars } from "./adamw.ts";
import { learningRate } from "./schedules.ts";
import { TrainingState } from "./state.ts";
import { CollapseWatch } from "./collapse_watch.ts";
import { FlatteningWatch } from "./flattening_watch.ts";
import type { ScoreSigns } from "./score_signs.ts";
import { BestWeights, type Validation } from "./best_weights.ts";

/** The parameters of the optimisation, which all training stages have. */
export interface OptimisationParameters {
  readonly seed: number;
  /** Number of updates of the optimiser. */
  readonly steps: number;
  /** The peak of the schedule, reached after `warmup` updates. */
  readonly learning_rate: number;
  readonly warmup: number;
  /** Maximum of the joint norm of the gradients. */
  readonly clip: number;
  readonly weight_decay: number;
  readonly xla: boolean;
}

export interface TrainingPlan {
  /** Column `phase` of the log. */
  readonly phase: string;
  readonly config: Configuration;
  /** All weights to start from. */
  readonly start: HostWeights;
  /** Names of those that are trained. */
  readonly trained: readonly string[];
  /** Recall on held-out images, which can keep the best weights instead of the last. */
  readonly validation?: Validation | undefined;
  /** See `AdamwOptions`. */
  readonly factors?: Readonly<Record<string, number>>;
  /** Pairs that one update processes, for the speed that is logged. */
  readonly pairsPerUpdate: number;
  /**
   * The gradients of one update, and what is logged about it.
   * @param update counted from 1
   */
  gradients(
    weights: Record<string, tf.Tensor>,
    update: number,
  ): UpdateGradients | Promise<UpdateGradients>;
}

export interface UpdateGradients {
  /** By name of the trained tensors. The loop frees them. */
  readonly gradients: Record<string, tf.Tensor>;
  /** Columns of `training_step` in addition to those that every phase has. */
  readonly numbers: Readonly<Record<string, number | null>>;
  /** How the scores that competed in the update are spread, if any did. */
  readonly signs?: ScoreSigns | undefined;
  /** Entropy of the aligned attention, 0 .. 1, if any was aligned. */
  readonly entropy?: number | undefined;
  /** Columns with text. */
  readonly labels?: Readonly<Record<string, string>>;
  /** A short remark for the display. */
  readonly note: string;
}

export async function train(
  context: StageContext<OptimisationParameters>,
  compute: Compute,
  plan: TrainingPlan,
): Promise<void> {
  const { steps, warmup, clip, xla, weight_decay: decay, learning_rate: peak } = context.parameters;
  const checkpoint = `${context.resumeFolder}/training.safetensors`;
  const made = await resumed(context, plan.trained);
  using state = made?.state ?? freshState(plan);
  const best = made?.best ?? await BestWeights.open(context.resumeFolder, 0);
  const watches = {
    scores: new CollapseWatch({ phase: plan.phase, warmup, steps }),
    attention: new FlatteningWatch({ phase: plan.phase, steps }),
  };
  const validated = retainRows(context, state.updates, watches);
  if (state.updates > 0) context.progress.say(`resuming after update ${state.updates}`);
  const options = {
    ...publishedAdamw,
    decay,
    clip,
    ...(plan.factors !== undefined && { factors: plan.factors }),
  };
  const update = compileOnce(compute, (inputs: Parameters<typeof clippedUpdate>[0]) => {
    return clippedUpdate(inputs, options);
  }, { name: "update", xla, consumes: "state", decides: options });

  const between = updatesBetweenCheckpoints(steps);
  const { validation } = plan;
  const isDue = (step: number) =>
    validation !== undefined && step > 0 && (step % validation.every === 0 || step === steps);
  // A run that was killed during a validation repeats the validation first.
  if (isDue(state.updates) && !validated.has(state.updates)) {
    validated.set(state.updates, await validate(context, validation!, state, best));
  }
  while (state.updates < steps) {
    await yieldToEvents();
    if (context.signal.aborted) {
      if (state.updates > 0) await state.save(checkpoint);
      throw context.signal.reason;
    }
    const begun = performance.now();
    const step = state.updates + 1;
    const rate = learningRate(step, { peak, warmup, total: steps });
    const { gradients, numbers, signs, entropy, labels, note } = await plan.gradients(
      state.tensors.weights,
      step,
    );
    const scalars = scalarTensors({ ...updateScalars(step, rate, options) });
    const next = update({ state: { ...state.tensors }, gradients, scalars } as never);
    const norm = next.norm.dataSync()[0]!;
    tf.dispose([gradients, scalars, next.norm]);
    state.advance(next.state);
    requireFinite(plan.phase, step, { ...numbers, grad_norm: norm });
    context.record.row("training_step", {
      phase: plan.phase,
      step,
      ...numbers,
      lr: rate,
      grad_norm: norm,
      ...labels,
      ...(signs !== undefined && { score_spread: signs.spread, wrong_above: signs.wrongAbove }),
      ...(entropy !== undefined && { attention_entropy: entropy }),
    });
    const warnings = [
      signs && watches.scores.see(step, signs),
      entropy === undefined ? undefined : watches.attention.see(step, entropy),
    ];
    for (const warning of warnings) if (warning !== undefined) context.progress.say(warning);
    const seconds = (performance.now() - begun) / 1000;
    context.record.measurement("training_speed", {
      step,
      seconds,
      pairs_per_second: plan.pairsPerUpdate / seconds,
    });
    context.progress.report(step, steps, "steps", note);
    if (isDue(step) || (step % between === 0 && step < steps)) await state.save(checkpoint);
    if (isDue(step)) validated.set(step, await validate(context, validation!, state, best));
  }
  const weights = best.step === undefined
    ? trainedWeights(plan, state)
    : { ...plan.start, ...await best.read() };
  await writeModel(context.folder, { config: plan.config, weights });
  const { collapsed } = watches.scores;
  const { flattened } = watches.attention;
  if (collapsed !== undefined) context.record.metric("collapsed", collapsed ? 1 : 0);
  if (flattened !== undefined) context.record.metric("flattened", flattened ? 1 : 0);
  const learned = [...validated]
    .flatMap(([step, accuracy]) => accuracy >= learnedAccuracy ? [step] : []);
  if (learned.length > 0) context.record.metric("updates_to_90", Math.min(...learned));
}

/** Share of swapped captions chosen correctly from which `updates_to_90` counts relations as learned. */
const learnedAccuracy = 0.9;

interface Watches {
  readonly scores: CollapseWatch;
  readonly attention: FlatteningWatch;
}

/** @returns the share of swapped pairs whose captions are both chosen correctly; 0 without pairs */
async function validate(
  { record, progress }: StageContext<OptimisationParameters>,
  validation: Validation,
  { updates: step, tensors: { weights } }: TrainingState,
  best: BestWeights,
): Promise<number> {
  const recalls = await validation.run(weights);
  if (validation.keep === "best") await best.offer({ step, rsum: recalls["rsum"]!, weights });
  record.row("validation", { step, ...recalls }); // last: the row marks the validation as complete
  const percent = (share: number) => (100 * share).toFixed(1);
  const pairs = recalls["pair_text"];
  const parts = [
    `sum of recalls ${percent(recalls["rsum"]!)}`,
    ...(pairs === undefined ? [] : [`swapped captions ${percent(pairs)}`]),
    ...(best.step === undefined ? [] : [`best after ${best.step}`]),
  ];
  progress.say(`validation after ${step} steps: ${parts.join(", ")}`);
  return pairs ?? 0;
}

/** Not a parameter, since results do not depend on when checkpoints are written. */
export function updatesBetweenCheckpoints(updates: number): number {
  return Math.min(50, Math.ceil(updates / 8));
}

/**
 * Drops the rows of updates that will be repeated, and shows the watches the remaining ones.
 * @returns the steps whose validation is complete -> share of swapped captions chosen correctly
 */
function retainRows(
  { record }: StageContext<OptimisationParameters>,
  updates: number,
  watches: Watches,
): Map<number, number> {
  const validated = new Map<number, number>();
  record.retain("metric", () => false);
  for (const table of ["training_step", "training_speed", "validation"]) {
    record.retain(table, (row) => {
      const step = Number(row["step"]);
      if (step > updates) return false;
      if (table === "validation") validated.set(step, Number(row["pair_text"] ?? 0));
      const { score_spread: spread, wrong_above: wrongAbove, attention_entropy: entropy } = row;
      if (typeof spread === "number" && typeof wrongAbove === "number") {
        watches.scores.see(step, { spread, wrongAbove });
      }
      if (typeof entropy === "number") watches.attention.see(step, entropy);
      return true;
    });
  }
  return validated;
}

/** The state that a killed run has left; undefined if there is none, or it is damaged. */
async function resumed(
  { resumeFolder, progress }: StageContext<OptimisationParameters>,
  trained: readonly string[],
): Promise<{ state: TrainingState; best: BestWeights } | undefined> {
  const checkpoint = `${resumeFolder}/training.safetensors`;
  const there = await Deno.stat(checkpoint).then(() => true, () => false);
  if (!there) return undefined;
  let state: TrainingState | undefined;
  try {
    state = await TrainingState.load(checkpoint, trained);
    return { state, best: await BestWeights.open(resumeFolder, state.updates) };
  } catch (error) {
    state?.[Symbol.dispose]();
    if (!(error instanceof Complaint)) throw error;
    progress.say(`the checkpoint is damaged, training restarts from the beginning: ${error.what}`);
    await Deno.remove(checkpoint);
    return undefined;
  }
}

function freshState({ start, trained }: TrainingPlan): TrainingState {
  return TrainingState.fresh(weightsOnDevice(start, trained));
}

/** All weights, with the trained ones as they are now. */
function trainedWeights({ start, trained }: TrainingPlan, state: TrainingState): HostWeights {
  const now = trained.map((name) => {
    const tensor = state.tensors.weights[name]!;
    return [name, { shape: tensor.shape, values: tensor.dataSync<"float32">() }] as const;
  });
  return { ...start, ...Object.fromEntries(now) };
}

export function scalarTensors(values: Readonly<Record<string, number>>): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, tf.scalar(value)]),
  );
}

/** Stops a training with infinite or NaN numbers instead of writing a useless model. */
function requireFinite(
  phase: string,
  step: number,
  numbers: Readonly<Record<string, number | null>>,
): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== null && !Number.isFinite(value)) {
      throw new Complaint(
        `${name} is ${value} at step ${step} of ${phase}: training has diverged`,
        "lower `learning_rate`, or lengthen `warmup`",
        { exitCode: 1 },
      );
    }
  }
}

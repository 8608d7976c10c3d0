/**
 * Every trained tensor of a model: name, shape, start, and whether weight decay acts on it.
 * The names and layouts are those of the published checkpoints.
 */
import { layerName } from "./attention.ts";
import type { Configuration } from "./configuration.ts";

/** One tensor of a checkpoint. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** How it starts: normal with deviation `initializer_range`, all 0, or all 1. */
  readonly start: "normal" | "zero" | "one";
}

/** What a model is trained on: hinge on rank scores (fine-tuning), and the tasks of pretraining. */
export type Task =
  | "ranking"
  | "matching"
  | "masked_words"
  | "masked_region_features"
  | "masked_region_classes"
  | "word_region_transport"
  | "word_region_contrast"
  | "branch_contrast"
  | "pair_ranking";

/** All parameters, in the order of the release's model. `rank_output` comes last. */
export function parameterTable(config: Configuration): Parameter[] {
  const { hidden_size: hidden, intermediate_size: wide } = config;
  const encoder = Array.from(
    { length: config.num_hidden_layers },
    (_, layer) => [
      ...linear(`${layerName(layer)}.attention.self.query`, hidden, hidden),
      ...linear(`${layerName(layer)}.attention.self.key`, hidden, hidden),
      ...linear(`${layerName(layer)}.attention.self.value`, hidden, hidden),
      ...linear(`${layerName(layer)}.attention.output.dense`, hidden, hidden),
      ...norm(`${layerName(layer)}.attention.output.LayerNorm`, hidden),
      ...linear(`${layerName(layer)}.intermediate.dense`, wide, hidden),
      ...linear(`${layerName(layer)}.output.dense`, hidden, wide),
      ...norm(`${layerName(layer)}.output.LayerNorm`, hidden),
    ],
  );
  const text = "uniter.embeddings";
  const image = "uniter.img_embeddings";
  return [
    table(`${text}.word_embeddings`, config.vocab_size, hidden),
    table(`${text}.position_embeddings`, config.max_position_embeddings, hidden),
    table(`${text}.token_type_embeddings`, config.type_vocab_size, hidden),
    ...norm(`${text}.LayerNorm`, hidden),
    ...linear(`${image}.img_linear`, hidden, config.img_dim),
    ...norm(`${image}.img_layer_norm`, hidden),
    ...norm(`${image}.pos_layer_norm`, hidden),
    ...linear(`${image}.pos_linear`, hidden, 7),
    table(`${image}.mask_embedding`, 2, config.img_dim),
    ...norm(`${image}.LayerNorm`, hidden),
    ...encoder.flat(),
    ...linear("uniter.pooler.dense", hidden, hidden),
    { name: "cls.predictions.bias", shape: [config.vocab_size], start: "zero" },
    ...linear("cls.predictions.transform.dense", hidden, hidden),
    ...norm("cls.predictions.transform.LayerNorm", hidden),
    ...linear("itm_output", 2, hidden),
    ...linear("rank_output", 1, hidden),
  ];
}

/** Sizes of what only some models have. */
export interface ExtraSizes {
  /** Classes that a region can have, for `masked_region_classes`. */
  readonly classes?: number | undefined;
  /** Width of the space of both branches, for `branch_contrast`. */
  readonly common?: number | undefined;
}

/**
 * Parameters that a model has only once a task has needed them. Those of regions bear the release's
 * names; `feat_regress.weight` of its checkpoints is `img_linear.weight` again.
 */
export function extraParameters(
  { hidden_size: hidden, img_dim: feature }: Configuration,
  tasks: readonly Task[],
  { classes = 0, common = 0 }: ExtraSizes = {},
): Parameter[] {
  const parts: Partial<Record<Task, Parameter[]>> = {
    masked_region_features: [
      ...linear("feat_regress.net.0", hidden, hidden),
      ...norm("feat_regress.net.2", hidden),
      { name: "feat_regress.bias", shape: [feature], start: "zero" },
    ],
    masked_region_classes: [
      ...linear("region_classifier.net.0", hidden, hidden),
      ...norm("region_classifier.net.2", hidden),
      ...linear("region_classifier.net.3", classes, hidden),
    ],
    branch_contrast: [
      ...linear("branch_text", common, hidden),
      ...linear("branch_image", common, feature),
    ],
  };
  return Object.entries(parts).flatMap(([task, made]) => tasks.includes(task as Task) ? made : []);
}

/**
 * The parameters that receive a gradient in these tasks. The others are left alone altogether, by
 * weight decay too, as in the release.
 */
export function trainedNames(config: Configuration, tasks: readonly Task[]): string[] {
  const all = [...parameterTable(config), ...extraParameters(config, tasks)];
  return all.map(({ name }) => name).filter((name) => tasks.some((task) => trains(task, name)));
}

/** Whether a task's gradient reaches a parameter. */
function trains(task: Task, name: string): boolean {
  const [first = "", second = ""] = name.split(".");
  // It moves all scores alike, and softmax sees differences alone.
  if (task === "pair_ranking" && name === "rank_output.bias") return false;
  if (first !== "uniter") return heads[task].includes(first);
  if (second === "pooler") return pooling.includes(task);
  if (name.endsWith("mask_embedding.weight")) return task.startsWith("masked_region");
  if (task === "word_region_contrast") return second !== "encoder";
  return task !== "branch_contrast" || second !== "img_embeddings";
}

const pooling: readonly Task[] = ["ranking", "matching", "word_region_transport", "pair_ranking"];
const heads: Readonly<Record<Task, readonly string[]>> = {
  ranking: ["rank_output"],
  matching: ["itm_output"],
  masked_words: ["cls"],
  masked_region_features: ["feat_regress"],
  masked_region_classes: ["region_classifier"],
  word_region_transport: ["itm_output"],
  word_region_contrast: [],
  branch_contrast: ["branch_text", "branch_image"],
  pair_ranking: ["rank_output"],
};

/**
 * Biases and BERT's LayerNorms are not decayed. `img_layer_norm.weight` and `pos_layer_norm.weight`
 * are: the release tests for the letters "LayerNorm.weight", which their names do not hold.
 */
export function decays(name: string): boolean {
  return !name.includes("bias") && !name.includes("LayerNorm.weight");
}

function linear(name: string, outputs: number, inputs: number): Parameter[] {
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], start: "normal" },
    { name: `${name}.bias`, shape: [outputs], start: "zero" },
  ];
}

function norm(name: string, width: number): Parameter[] {
  return [
    { name: `${name}.weight`, shape: [width], start: "one" },
    { name: `${name}.bias`, shape: [width], start: "zero" },
  ];
}

function table(name: string, rows: number, width: number): Parameter {
  return { name: `${name}.weight`, shape: [rows, width], start: "normal" };
}

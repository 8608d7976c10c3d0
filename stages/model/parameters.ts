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

/** What a model is trained on: hinge on rank scores, image-text matching, masked words. */
export type Task = "ranking" | "matching" | "masked_words";

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

/**
 * The parameters that receive a gradient in these tasks. The others are left alone altogether, by
 * weight decay too, as in the release.
 */
export function trainedNames(config: Configuration, tasks: readonly Task[]): string[] {
  const read = (name: string): boolean => {
    if (name.endsWith("mask_embedding.weight")) return false; // masked regions are not modelled
    if (name.startsWith("cls.")) return tasks.includes("masked_words");
    if (name.startsWith("itm_output.")) return tasks.includes("matching");
    if (name.startsWith("rank_output.")) return tasks.includes("ranking");
    if (name.startsWith("uniter.pooler.")) return tasks.some((task) => task !== "masked_words");
    return true;
  };
  return parameterTable(config).map(({ name }) => name).filter(read);
}

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

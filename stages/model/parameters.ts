/**
 * Every trained tensor of a model: name, shape, initialisation, and whether it has weight decay.
 * The names and layouts are those of the published checkpoints.
 */
import { layerName } from "./attention.ts";
import type { Configuration } from "./configuration.ts";

/** One tensor of a checkpoint. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Initial values: normal with deviation `initializer_range`, all 0, or all 1. */
  readonly start: "normal" | "zero" | "one";
}

/** The parameters of every model, in the order of the release's model. `rank_output` comes last. */
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

/** Sizes that only some models have. */
export interface ExtraSizes {
  /** Number of object classes, for `masked_region_classes`. */
  readonly classes?: number | undefined;
  /** Width of the branches' common space, for `branch_contrast`. */
  readonly common?: number | undefined;
}

/**
 * Parameters that a model has only after a pretraining task that needs them. Those of regions have the
 * release's names; `feat_regress.weight` of its checkpoints is the same as `img_linear.weight`.
 */
export function extraParameters(
  { hidden_size: hidden, img_dim: feature }: Configuration,
  { classes = 0, common = 0 }: ExtraSizes = {},
): Parameter[] {
  return [
    ...linear("feat_regress.net.0", hidden, hidden),
    ...norm("feat_regress.net.2", hidden),
    { name: "feat_regress.bias", shape: [feature], start: "zero" },
    ...linear("region_classifier.net.0", hidden, hidden),
    ...norm("region_classifier.net.2", hidden),
    ...linear("region_classifier.net.3", classes, hidden),
    ...linear("branch_text", common, hidden),
    ...linear("branch_image", common, feature),
  ];
}

/** Parts of the encoder, by the prefixes of their parameters' names. */
export const encoderParts = {
  text: ["uniter.embeddings."],
  image: [
    "uniter.img_embeddings.img_",
    "uniter.img_embeddings.pos_",
    "uniter.img_embeddings.LayerNorm.",
  ],
  /** Replaces the features of a masked region. */
  mask: ["uniter.img_embeddings.mask_embedding."],
  layers: ["uniter.encoder."],
  pooler: ["uniter.pooler."],
} as const;

/** The parts that compute the pooled vector of a pair. */
export const pooledPairParts: readonly string[] = [
  ...encoderParts.text,
  ...encoderParts.image,
  ...encoderParts.layers,
  ...encoderParts.pooler,
];

/** The parts that fine-tuning trains. */
export const rankingParts: readonly string[] = [...pooledPairParts, "rank_output."];

/**
 * The parameters with these prefixes, in a fixed order: those that receive a gradient. The others do
 * not change at all, not even by weight decay, as in the release.
 */
export function trainedNames(config: Configuration, prefixes: readonly string[]): string[] {
  return [...parameterTable(config), ...extraParameters(config)]
    .map(({ name }) => name)
    .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

/**
 * Biases and BERT's LayerNorms have no weight decay. `img_layer_norm.weight` and `pos_layer_norm.weight`
 * do: the release looks for the text "LayerNorm.weight", which their names do not contain.
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

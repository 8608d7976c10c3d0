/** The model to start from: a checkpoint, or random weights in the sizes that the features require. */
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import type { StageContext } from "../../../pipeline/contract/stage.ts";
import { readText } from "../../../pipeline/contract/text_file.ts";
import { type FeatureSet, openFeatures } from "../../data/feature_set.ts";
import { readCheckpoint } from "../../model/checkpoint/checkpoint.ts";
import { checkFits, configurationFrom } from "../../model/checkpoint/checkpoint_sizes.ts";
import { type Configuration, parseConfiguration } from "../../model/configuration.ts";
import { withBertText } from "../../model/checkpoint/bert_weights.ts";
import { initialWeights } from "../../model/initial_weights.ts";
import { type Model, writeModel } from "../../model/checkpoint/model_artifact.ts";
import { indexSplit } from "../../batch/split_index.ts";
import { type KnownWidths, requireFit } from "../../batch/model_fit.ts";

export interface InitialisationParameters {
  readonly seed: number;
  readonly checkpoint?: string | undefined;
  readonly pretrained?: string | undefined;
  readonly bert?: string | undefined;
  readonly config?: string | undefined;
  readonly hidden?: number | undefined;
  readonly layers?: number | undefined;
  readonly heads?: number | undefined;
  readonly intermediate?: number | undefined;
  readonly dropout?: number | undefined;
  readonly initializer_range?: number | undefined;
}

export async function initialisation(
  context: StageContext<InitialisationParameters>,
): Promise<void> {
  const { inputs, folder, progress } = context;
  using features = await openFeatures(inputs["features"]!);
  const model = await startingModel(context, features);
  const size = Object.values(model.weights).reduce((sum, { values }) => sum + values.length, 0);
  progress.say(`${size.toLocaleString("en")} weights`);
  await writeModel(folder, model);
}

async function startingModel(
  context: StageContext<InitialisationParameters>,
  features: FeatureSet,
): Promise<Model> {
  const { checkpoint, pretrained, bert } = context.parameters;
  if (checkpoint !== undefined) return await publishedModel(context, features);
  if (pretrained !== undefined || bert !== undefined) return await bertModel(context, features);
  return randomModel(context.parameters, features);
}

/** The text layers of a BERT-family model, and fresh image embeddings. */
async function bertModel(
  { parameters: { seed, dropout, initializer_range }, files }: StageContext<
    InitialisationParameters
  >,
  features: FeatureSet,
): Promise<Model> {
  const folder = files["pretrained"];
  const file = files["bert"] ?? `${folder}/model.safetensors`;
  const configFile = files["config"] ?? `${folder}/config.json`;
  const sizes = parseConfiguration(readText(configFile), {
    file: configFile,
    imgDim: features.featureDim,
  });
  const config: Configuration = {
    ...sizes,
    ...(dropout !== undefined &&
      { hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout }),
    ...(initializer_range !== undefined && { initializer_range }),
  };
  const random = randomStream(seed).fork("initialise_model");
  const weights = withBertText(await readCheckpoint(file), config, { file, random });
  checkFits(weights, config, file);
  requireFits(features, config);
  return { config, weights };
}

function randomModel(parameters: InitialisationParameters, features: FeatureSet): Model {
  const config = configurationFor(parameters, features);
  const random = randomStream(parameters.seed).fork("initialise_model");
  return { config, weights: initialWeights(config, random) };
}

/** Takes the vocabulary, the width of the features and the number of positions from the data. */
export function configurationFor(
  parameters: InitialisationParameters,
  features: Pick<FeatureSet, "captions" | "vocabulary" | "featureDim">,
): Configuration {
  const words = features.captions.reduce((most, { tokens }) => Math.max(most, tokens.length), 0) +
    2;
  return sizedConfiguration(parameters, { ...features, words });
}

/** The checkpoint's weights, once it is certain that they fit the configuration and the features. */
async function publishedModel(
  { files, parameters: { dropout, heads } }: StageContext<InitialisationParameters>,
  features: FeatureSet,
): Promise<Model> {
  const file = files["checkpoint"]!;
  const weights = await readCheckpoint(file);
  const sizes = configurationOf(files["config"], weights, { file, heads, features });
  const config = dropout === undefined
    ? sizes
    : { ...sizes, hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout };
  checkFits(weights, config, file);
  requireFits(features, config);
  return { config, weights };
}

function requireFits(features: FeatureSet, config: Configuration): void {
  for (const split of new Set(features.images.map(({ split }) => split))) {
    requireFit(features, indexSplit(features, split), config);
  }
}

export function configurationOf(
  configFile: string | undefined,
  weights: Model["weights"],
  { file, heads, features }: {
    file: string;
    heads: number | undefined;
    features: Pick<KnownWidths, "featureDim">;
  },
): Configuration {
  if (configFile === undefined) return configurationFrom(weights, { file, heads });
  return parseConfiguration(readText(configFile), {
    file: configFile,
    imgDim: features.featureDim,
  });
}

export function sizedConfiguration(
  { hidden = 128, layers = 4, heads = 4, dropout = 0.1, ...rest }: Omit<
    InitialisationParameters,
    "seed"
  >,
  { vocabulary, featureDim, words }: KnownWidths & { readonly words: number },
): Configuration {
  const { intermediate = 4 * hidden, initializer_range = 0.02 } = rest;
  return {
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: intermediate,
    vocab_size: vocabulary.size,
    max_position_embeddings: words,
    type_vocab_size: 2,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
    initializer_range,
    hidden_act: "gelu",
    img_dim: featureDim,
  };
}

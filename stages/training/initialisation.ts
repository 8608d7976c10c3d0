/** A model with random weights, sized by the experiment and by what it will read. */
import { randomStream } from "../../pipeline/random_stream.ts";
import type { StageContext } from "../../pipeline/stage.ts";
import { type FeatureSet, openFeatures } from "../data/feature_set.ts";
import type { Configuration } from "../model/configuration.ts";
import { initialWeights } from "../model/initial_weights.ts";
import { writeModel } from "../model/model_artifact.ts";

export interface InitialisationParameters {
  readonly seed: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate?: number | undefined;
  readonly dropout: number;
  readonly initializer_range: number;
}

export async function initialisation(
  { parameters, inputs, folder, progress }: StageContext<InitialisationParameters>,
): Promise<void> {
  using features = await openFeatures(inputs["features"]!);
  const config = configurationFor(parameters as never, features);
  const weights = initialWeights(config, randomStream(parameters.seed).fork("initialise_model"));
  const size = Object.values(weights).reduce((sum, { values }) => sum + values.length, 0);
  progress.say(`${size.toLocaleString("en")} weights`);
  await writeModel(folder, { config, weights });
}

/** Vocabulary, descriptor width and positions (the longest caption with [CLS] and [SEP]) of the data. */
export function configurationFor(
  { hidden, layers, heads, intermediate = 4 * hidden, dropout, initializer_range }:
    InitialisationParameters,
  { captions, vocabulary, featureDim }: Pick<FeatureSet, "captions" | "vocabulary" | "featureDim">,
): Configuration {
  const longest = captions.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  return {
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: intermediate,
    vocab_size: vocabulary.size,
    max_position_embeddings: longest + 2,
    type_vocab_size: 2,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
    initializer_range,
    hidden_act: "gelu",
    img_dim: featureDim,
  };
}

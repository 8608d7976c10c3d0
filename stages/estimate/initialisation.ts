/** Checks of `doctor` for a model to start from: whether a checkpoint fits, and the model's sizes. */
import type { Examination, ExaminationContext } from "../../pipeline/contract/stage.ts";
import { readText } from "../../pipeline/contract/text_file.ts";
import { requirePositions, requireWidths } from "../batch/model_fit.ts";
import { readCheckpoint } from "../model/checkpoint/checkpoint.ts";
import { checkFits } from "../model/checkpoint/checkpoint_sizes.ts";
import { miniLmSizes } from "../model/checkpoint/pretrained_packages.ts";
import { parseConfiguration } from "../model/configuration.ts";
import {
  configurationOf,
  type InitialisationParameters,
  sizedConfiguration,
} from "../train/initialise/run.ts";
import { modelFacts } from "./examination.ts";

export async function examineInitialisation(
  { parameters, files, inputs }: ExaminationContext<InitialisationParameters>,
): Promise<Examination> {
  const features = inputs["features"]!;
  const { words = 2, vocabulary = 1, feature_dim: featureDim = 1 } = features;
  const known = { vocabulary: { size: vocabulary }, featureDim };
  const file = files["checkpoint"];
  if (parameters.pretrained !== undefined || parameters.bert !== undefined) {
    // The sizes of the package are known before it is fetched.
    const config = parameters.bert === undefined
      ? sizedConfiguration(miniLmSizes, { ...known, words: miniLmSizes.positions })
      : parseConfiguration(readText(files["config"]!), {
        file: files["config"]!,
        imgDim: featureDim,
      });
    requireWidths(known, config);
    requirePositions(words, config);
    return { findings: [], facts: modelFacts(config), disk: 4 * modelFacts(config)["weights"]! };
  }
  if (file === undefined) {
    const config = sizedConfiguration(parameters, { ...known, words });
    return { findings: [], facts: modelFacts(config), disk: 4 * modelFacts(config)["weights"]! };
  }
  const weights = await readCheckpoint(file);
  const config = configurationOf(files["config"], weights, {
    file,
    heads: parameters.heads,
    features: known,
  });
  checkFits(weights, config, file);
  requireWidths(known, config);
  requirePositions(words, config);
  const facts = modelFacts(config);
  const { num_hidden_layers: layers, hidden_size: hidden } = config;
  return {
    findings: [{
      verdict: "ok",
      what: `the checkpoint has ${layers} layers of ${hidden}, and fits the features`,
    }],
    facts,
    disk: 4 * facts["weights"]!,
  };
}

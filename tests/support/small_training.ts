/** What a training on a few small scenes starts from. */
import { extractFeatures } from "../../stages/extract_features.ts";
import { initialiseModel } from "../../stages/initialise_model.ts";
import { makeScenes } from "../../stages/make_scenes.ts";
import { runStage } from "./stage_context.ts";

/** Makes the folders `scenes` and `features`. @param at the path of a folder */
export async function makeSmallFeatures(at: (name: string) => string): Promise<void> {
  await runStage({
    stage: makeScenes,
    parameters: { seed: 5, images: 14, val_images: 3, test_images: 4, swap_pairs: 2 },
    folder: at("scenes"),
  });
  await runStage({
    stage: extractFeatures,
    parameters: {},
    inputs: { from: at("scenes") },
    folder: at("features"),
  });
}

/** Makes the folder `initial`: a random model for the folder `features`. */
export async function makeSmallModel(at: (name: string) => string): Promise<void> {
  await runStage({
    stage: initialiseModel,
    parameters: { seed: 5, hidden: 16, layers: 2, heads: 2, dropout: 0.2 },
    inputs: { features: at("features") },
    folder: at("initial"),
  });
}

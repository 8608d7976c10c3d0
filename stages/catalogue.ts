/** Every stage that an experiment can use, and what the pipeline must know of computing. */
import type { StageDefinition } from "../pipeline/contract/stage.ts";
import { analyseAttention } from "./analyse_attention.ts";
import { choose } from "./choose.ts";
import { evaluate } from "./evaluate.ts";
import { extractFeatures } from "./extract_features.ts";
import { fineTune } from "./fine_tune.ts";
import { initialiseModel } from "./initialise_model.ts";
import { linearBaseline } from "./linear_baseline.ts";
import { makeScenes } from "./make_scenes.ts";
import { oracle } from "./oracle.ts";
import { photoFeatures } from "./photo_features.ts";
import { pretrain } from "./pretrain.ts";
import { publishedFeatures } from "./published_features.ts";

export {
  computeAccess,
  computeFiles,
  computeFingerprint,
  examineCompute,
  gpuMemory,
  gpuTexts,
  prepareCompute,
  visibleGpus,
} from "./compute.ts";

export { checks } from "./checks.ts";
export { examinations } from "./examinations.ts";
export { exportFeatures } from "./export_features.ts";
export { search } from "./search.ts";
export { setup } from "./setup.ts";
export { wrongQueries } from "./wrong_queries.ts";

/** In the order in which an experiment usually names them. */
export const catalogue: readonly StageDefinition[] = [
  makeScenes,
  extractFeatures,
  photoFeatures,
  publishedFeatures,
  initialiseModel,
  pretrain,
  fineTune,
  evaluate,
  choose,
  linearBaseline,
  oracle,
  analyseAttention,
];

/**
 * How `doctor` examines what a run of each kind of stage would need. These functions are not part
 * of the definitions, so that a change to an estimate does not change the key of any result.
 */
import type { Examination, Examine } from "../pipeline/contract/stage.ts";
import { sceneFacts } from "./estimate/split_checks.ts";
import { sourcesOf } from "./published_features.ts";

/** Kind of stage -> its examination. Heavy modules are imported inside. */
export const examinations: Readonly<Record<string, Examine>> = {
  make_scenes: ({ parameters }) => Promise.resolve({ findings: [], facts: sceneFacts(parameters) }),
  async extract_features({ parameters, inputs }) {
    const { descriptorWidth } = await import("./vision/objects/descriptors.ts");
    const { longestCaption } = await import("./vision/scenes/captions.ts");
    const sizes = {
      words: longestCaption + 2,
      vocabulary: 64, // about
      regions: parameters.max_regions,
      feature_dim: descriptorWidth,
    };
    return { findings: [], facts: { ...inputs["from"], ...sizes } };
  },
  async photo_features(context) {
    const { examinePhotos } = await import("./estimate/photo_examination.ts");
    return await examinePhotos(context);
  },
  async published_features({ parameters, files }): Promise<Examination> {
    const { examinePublished } = await import("./estimate/published_examination.ts");
    return examinePublished(sourcesOf(parameters), files, parameters);
  },
  async initialise_model(context) {
    const { examineInitialisation } = await import("./estimate/initialisation.ts");
    return await examineInitialisation(context);
  },
  pretrain: ({ inputs }) => Promise.resolve({ findings: [], facts: inputs["from"]! }),
  async fine_tune(context) {
    const { examineFineTuning } = await import("./estimate/examination.ts");
    const { objectiveOf } = await import("./train/fine_tune/run.ts");
    const { parameters } = context;
    return await examineFineTuning(context, { ...parameters, objective: objectiveOf(parameters) });
  },
  async evaluate(context) {
    // One product of matrices: nothing worth measuring.
    if (context.parameters.scores === "branches") return { findings: [], facts: {} };
    const { examineEvaluation } = await import("./estimate/examination.ts");
    return await examineEvaluation(context, context.parameters);
  },
  choose: ({ inputs }) => {
    const [facts = {}] = Object.entries(inputs)
      .flatMap(([input, facts]) => input.startsWith("from") ? [facts] : []);
    return Promise.resolve({ findings: [], facts, disk: 4 * (facts["weights"] ?? 0) });
  },
  async analyse_attention(context) {
    const { examineAnalysis } = await import("./estimate/examination.ts");
    return await examineAnalysis(context, context.parameters);
  },
};

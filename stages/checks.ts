/**
 * How a request for each kind of stage is checked before anything runs. Like the examinations, these
 * functions are not part of the definitions, so that they change no key.
 */
import type { Check } from "../pipeline/contract/stage.ts";
import {
  familyProblems,
  negativeProblems,
  photoFacts,
  publishedFacts,
  sceneFacts,
  splitProblems,
  trainingProblems,
} from "./estimate/split_checks.ts";

/** Kind of stage -> its check. */
export const checks: Readonly<Record<string, Check>> = {
  make_scenes: ({ parameters }) => ({ problems: [], facts: sceneFacts(parameters) }),
  extract_features: ({ inputs }) => passedOn(inputs["from"]),
  photo_features: (context) => ({ problems: [], facts: photoFacts(context) }),
  published_features: ({ parameters }) => ({ problems: [], facts: publishedFacts(parameters) }),
  pretrain: ({ parameters: p, inputs: { features } }) => ({
    problems: [
      ...trainingProblems(features, p),
      ...(p.families ? familyProblems(features, "families") : []),
    ],
  }),
  fine_tune({ parameters: p, inputs: { features } }) {
    const training = trainingProblems(features, p);
    return {
      problems: [
        ...training,
        ...(training.length === 0 ? negativeProblems(features, p) : []),
        ...(p.family_negatives > 0 ? familyProblems(features, "family_negatives") : []),
      ],
    };
  },
  evaluate: ({ parameters: { split }, inputs: { features } }) => ({
    problems: splitProblems(features, "split", split),
  }),
  linear_baseline: ({ parameters: { train, split }, inputs: { features } }) => ({
    problems: [
      ...splitProblems(features, "train", train),
      ...splitProblems(features, "split", split),
    ],
  }),
  oracle: ({ parameters: { split }, inputs: { scenes } }) => ({
    problems: splitProblems(scenes, "split", split),
  }),
  analyse_attention: ({ parameters: { split }, inputs: { features } }) => ({
    problems: splitProblems(features, "split", split),
  }),
};

/** Features have the splits of what they are made from. */
function passedOn(facts: Parameters<Check>[0]["inputs"][string]): ReturnType<Check> {
  return { problems: [], ...(facts !== undefined && { facts }) };
}

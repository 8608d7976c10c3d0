/** Checks that a model can read a split: positions, width of the features, size of the vocabulary. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { FeatureSet } from "../data/feature_set.ts";
import type { Configuration } from "../model/configuration.ts";
import type { SplitIndex } from "./split_index.ts";

/** @throws {Complaint} for a caption that is too long, or features or words that the model cannot read */
export function requireFit(set: FeatureSet, index: SplitIndex, config: Configuration): void {
  const places = config.max_position_embeddings;
  const long = index.captions.map((caption) => set.captions[caption]!)
    .find(({ tokens }) => tokens.length + 2 > places);
  if (long !== undefined) {
    throw new Complaint(
      `caption \`${long.id}\` has ${long.tokens.length} word pieces; the model has ${places} ` +
        "positions, [CLS] and [SEP] included",
      "shorten it or leave it out of the data, or use a model with more positions",
      { exitCode: 1 },
    );
  }
  requireWidths(set, config);
}

/** Like `requireFit`, if only the length of the longest caption is known. */
export function requirePositions(words: number, config: Configuration): void {
  const places = config.max_position_embeddings;
  if (words <= places) return;
  throw new Complaint(
    `the longest caption takes ${words} positions, [CLS] and [SEP] included; the model has ${places}`,
    "leave long captions out of the data, or use a model with more positions",
    { exitCode: 1 },
  );
}

/** Sizes of the features that a model must match. */
export interface KnownWidths {
  readonly featureDim: number;
  readonly vocabulary: { readonly size: number };
}

/** @throws {Complaint} for features of another width, or more words than the model knows */
export function requireWidths(
  { featureDim, vocabulary }: KnownWidths,
  config: Configuration,
): void {
  if (featureDim !== config.img_dim) {
    throw new Complaint(
      `the features have ${featureDim} numbers per region; the model expects ${config.img_dim}`,
      "use the features that the checkpoint was trained with, or initialise a model for these features",
      { exitCode: 1 },
    );
  }
  requireVocabulary({ vocabulary }, config);
}

/** @throws {Complaint} for more words than the model knows */
export function requireVocabulary(
  { vocabulary }: Pick<KnownWidths, "vocabulary">,
  config: Configuration,
): void {
  if (vocabulary.size > config.vocab_size) {
    throw new Complaint(
      `the captions use ${vocabulary.size} words; the model knows ${config.vocab_size}`,
      "use captions that were tokenized with the checkpoint's own vocabulary",
      { exitCode: 1 },
    );
  }
}

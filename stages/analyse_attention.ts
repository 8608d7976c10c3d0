import * as v from "valibot";
import { defineStage, type OutsideFile } from "../pipeline/contract/stage.ts";
import { measuredAlignments } from "./objective/measured_names.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const layer = v.pipe(v.number(), v.integer(), v.minValue(0));
/** YAML takes an id of digits for a number. */
const captionId = v.pipe(
  v.union([v.pipe(v.string(), v.nonEmpty()), v.pipe(v.number(), v.safeInteger())]),
  v.transform(String),
);
const path = v.pipe(v.string(), v.nonEmpty());

const parameters = v.strictObject({
  split: v.optional(v.pipe(v.string(), v.nonEmpty()), "test"),
  // Whose attention is measured: last, all, a layer's number from 0, or a list of them.
  layers: v.optional(
    v.union([
      v.literal("last"),
      v.literal("all"),
      layer,
      v.pipe(
        v.array(layer),
        v.minLength(1, "at least one layer"),
        v.check((layers) => new Set(layers).size === layers.length, "each layer once"),
      ),
    ]),
    "last",
  ),
  // mean: the distance of the mean over heads; each: the mean of the heads' distances.
  heads: v.optional(v.picklist(["mean", "each"]), "mean"),
  // By which the two relations are brought together.
  alignments: v.optional(
    v.pipe(
      v.array(v.picklist(measuredAlignments)),
      v.minLength(1, "at least one alignment"),
      v.check((names) => new Set(names).size === names.length, "each alignment once"),
    ),
    [...measuredAlignments],
  ),
  // Of topk: regions of a word, words of a region.
  k: v.optional(count, 2),
  // The first so many captions of the split, each with its own image; all without it.
  limit: v.optional(count),
  // Pairs of which the attentions themselves are kept, of every layer, to be looked at: so many, or
  // those of captions with these ids.
  samples: v.optional(
    v.union([
      v.pipe(v.number(), v.integer(), v.minValue(0)),
      v.pipe(
        v.array(captionId),
        v.minLength(1, "at least one caption"),
        v.maxLength(100, "at most 100 captions"),
        v.check((ids) => new Set(ids).size === ids.length, "each caption once"),
      ),
    ]),
    6,
  ),
  // Folder of Flickr30k Entities, with Sentences/ and Annotations/. Rendered scenes need none.
  entities: v.optional(path),
  // BERT's vocab.txt with which the captions were cut; beside `entities`, for text databases.
  vocabulary: v.optional(path),
  cased: v.optional(v.boolean(), true),
  // Pairs that go through the encoder together.
  block: v.optional(count, 64),
  // false: TensorFlow runs the recorded programs without XLA. Slower; other last bits.
  xla: v.optional(v.boolean(), true),
  // Of the encoder's products; bfloat16 is made for GPUs, and for CPUs with xla: false.
  precision: v.optional(v.picklist(["float32", "bfloat16"]), "float32"),
});

export type AnalysisParameters = v.InferOutput<typeof parameters>;

export const analyseAttention = defineStage({
  name: "analyse_attention",
  summary: "measures how far the words' and the regions' relations of matched pairs are apart",
  parameters,
  inputs: {
    model: { kinds: ["model"], summary: "weights whose attention is measured" },
    features: { kinds: ["features"], summary: "images and captions to measure on" },
  },
  paths: ["entities", "vocabulary"],
  outside: outsideFiles,
  output: "relations",
  compute: true,
  sharesProcess: true,
  resumable: false,
  async run(context) {
    const { attentionAnalysis } = await import("./analyse/attention_analysis.ts");
    await attentionAnalysis(context);
  },
});

function outsideFiles({ entities, vocabulary }: AnalysisParameters): OutsideFile[] {
  const published = "github.com/BryanPlummer/flickr30k_entities (annotations.zip)";
  const parts = [
    { role: "Sentences", what: "captions with their phrases" },
    { role: "Annotations", what: "boxes of what captions name" },
  ];
  return [
    ...entities === undefined ? [] : parts.map(({ role, what }) => ({
      role,
      path: `${entities}/${role}`,
      what: `${what} (Flickr30k Entities)`,
      published,
    })),
    ...vocabulary === undefined ? [] : [{
      role: "vocabulary",
      path: vocabulary,
      what: "word pieces of the checkpoint (BERT's vocab.txt)",
    }],
  ];
}

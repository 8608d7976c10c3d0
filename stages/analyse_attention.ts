import * as v from "valibot";
import { defineStage, type OutsideFile } from "../pipeline/contract/stage.ts";
import { measuredAlignments } from "./objective/measured_names.ts";
import {
  count,
  distinct,
  heads,
  layers,
  name,
  natural,
  precision,
  xla,
} from "./parameter_schemas.ts";

/** YAML reads an id of digits as a number. */
const captionId = v.pipe(v.union([name, v.pipe(v.number(), v.safeInteger())]), v.transform(String));

const parameters = v.strictObject({
  /** Split to measure on. */
  split: v.optional(name, "test"),
  /** Layers whose attention is measured. */
  layers,
  heads,
  /** Alignments (ways to compare the relations of words and regions) to measure. */
  alignments: v.optional(
    distinct(v.picklist(measuredAlignments), "alignment"),
    [...measuredAlignments],
  ),
  /** For the projection topk: number of regions per word, and of words per region. */
  k: v.optional(count, 2),
  /** Measure only this many captions, the first of the split, each with its own image; default: all. */
  limit: v.optional(count),
  /**
   * Pairs whose attention matrices are stored for all layers, for inspection: their number, or the ids of
   * their captions.
   */
  samples: v.optional(
    v.union([
      natural,
      v.pipe(distinct(captionId, "caption"), v.maxLength(100, "at most 100 captions")),
    ]),
    6,
  ),
  /** Folder of Flickr30k Entities, with Sentences/ and Annotations/. Not needed for rendered scenes. */
  entities: v.optional(name),
  /** BERT's vocab.txt with which the captions were tokenised; required with `entities` for text databases. */
  vocabulary: v.optional(name),
  /** Whether the vocabulary distinguishes case. */
  cased: v.optional(v.boolean(), true),
  /** Pairs per batch of the encoder. */
  block: v.optional(count, 64),
  xla,
  precision,
});

export type AnalysisParameters = v.InferOutput<typeof parameters>;

export const analyseAttention = defineStage({
  name: "analyse_attention",
  summary:
    "measures the distance between the attention among words and among regions of matching pairs",
  parameters,
  inputs: {
    model: { kinds: ["model"], summary: "weights whose attention is measured" },
    features: { kinds: ["features"], summary: "images and captions to measure on" },
  },
  applies: [
    {
      parameters: ["k"],
      by: "alignments",
      when: ({ alignments }) => alignments.some((name) => name.startsWith("topk")),
    },
  ],
  paths: ["entities", "vocabulary"],
  outside: outsideFiles,
  output: "relations",
  compute: true,
  memoryUse: {
    parameters: ["block"],
    note: "`block` changes no more than the last bits of distances",
  },
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
    { role: "Annotations", what: "boxes of the entities in captions" },
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
      what: "vocabulary of the checkpoint (BERT's vocab.txt)",
    }],
  ];
}

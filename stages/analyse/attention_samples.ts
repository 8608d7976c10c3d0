/**
 * The complete attention of a few matched pairs in every layer, for people to look at: the distances
 * are computed from it. attention_samples.jsonl has one line per pair; weights have four decimals.
 */
import * as tf from "@tensorflow/tfjs-core";
import { Complaint, nearest } from "../../pipeline/contract/complaint.ts";
import type { FeatureSet } from "../data/feature_set.ts";
import { writeLines } from "../data/formats/json_lines.ts";
import { wordPieces } from "../data/word_pieces.ts";
import { annotatedDistance, type AnnotatedObject } from "../metric/annotated_relations.ts";
import type { Configuration } from "../model/configuration.ts";
import { embedImage, embedText } from "../model/embeddings.ts";
import type { Precision } from "../model/matrix_product.ts";
import { encodePairs } from "../model/uniter.ts";
import type { Weights } from "../model/weights.ts";
import { alignedWords, alignmentLosses } from "../objective/alignment.ts";
import { measuredAlignment } from "../objective/alignment_parameters.ts";
import type { MeasuredAlignment } from "../objective/measured_names.ts";
import { attentionBlocks } from "../objective/self_attention.ts";
import type { AnnotationSource } from "./caption_annotations.ts";
import type { SplitIndex } from "../batch/split_index.ts";

/** A line of attention_samples.jsonl. */
export interface AttentionSample {
  readonly split: string;
  /** Ids. */
  readonly text: string;
  readonly image: string;
  readonly caption: string;
  /** The caption's word pieces. */
  readonly words: readonly string[];
  /** x1 y1 x2 y2 of each region, as fractions of the picture's size. */
  readonly boxes: readonly (readonly number[])[];
  readonly objects: readonly AnnotatedObject[];
  readonly layers: readonly SampleLayer[];
}

/** Means over heads; the rows of each matrix sum to 1. */
export interface SampleLayer {
  readonly layer: number;
  /** S_LL [word, word], S_VV [region, region], S_LV [word, region], S_VL [region, word]. */
  readonly wordToWord: Matrix;
  readonly regionToRegion: Matrix;
  readonly wordToRegion: Matrix;
  readonly regionToWord: Matrix;
  /** ISDa, the distance on annotated objects; null with fewer than two objects. */
  readonly isda: number | null;
  readonly alignments: readonly {
    readonly name: MeasuredAlignment;
    /** The matrix that S_LL is compared with, [word, word]. */
    readonly aligned: Matrix;
    readonly isdText: number;
    readonly isdImage: number;
  }[];
}

type Matrix = readonly (readonly number[])[];

interface SampleContext {
  readonly folder: string;
  readonly inputs: Readonly<Record<string, { readonly folder: string }>>;
  readonly parameters: {
    readonly split: string;
    readonly alignments: readonly MeasuredAlignment[];
    readonly k: number;
    readonly vocabulary?: string | undefined;
    readonly precision: Precision;
  };
}

interface SampleSource {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  /** The encoder, on the device. */
  readonly weights: Weights;
  readonly annotations: AnnotationSource;
  /** Rows of texts, from `chosenTexts`. */
  readonly sampled: readonly number[];
}

export async function writeAttentionSamples(
  context: SampleContext,
  config: Configuration,
  source: SampleSource,
): Promise<void> {
  const { folder, inputs, parameters } = context;
  const { set, index, annotations, sampled } = source;
  const nameOf = await wordPieces(inputs["features"]!.folder, parameters.vocabulary);
  const samples = sampled.map((text): AttentionSample => {
    const place = index.captions[text]!;
    const { id, image, tokens, text: caption } = set.captions[place]!;
    const { boxes } = set.regions.read(image);
    const objects = annotations.objectsOf(place);
    return {
      split: parameters.split,
      text: id,
      image: set.images[image]!.id,
      caption,
      words: tokens.map(nameOf),
      boxes: Array.from(
        { length: set.images[image]!.regions },
        (_, region) => [...boxes.subarray(7 * region, 7 * region + 4)].map(rounded),
      ),
      objects,
      layers: layersOf(place, config, { source, parameters, objects }),
    };
  });
  if (samples.length > 0) await writeLines(`${folder}/attention_samples.jsonl`, samples);
}

/**
 * The captions that are named, in their order. A number is spread evenly over the texts, so that all
 * models of a sweep are sampled on the same pairs: at most one per image, and, if there are any, only
 * captions with at least two annotated objects.
 */
export function chosenTexts(
  { set, index, annotations, texts }: Omit<SampleSource, "weights" | "sampled"> & {
    /** Rows of the texts to choose from. */
    readonly texts: readonly number[];
  },
  samples: number | readonly string[],
): number[] {
  if (typeof samples !== "number") {
    const rows = new Map(texts.map((row) => [set.captions[index.captions[row]!]!.id, row]));
    return samples.map((id) => rows.get(id) ?? unknown(id, [...rows.keys()]));
  }
  const worded = texts.filter((row) => set.captions[index.captions[row]!]!.tokens.length > 0);
  const related = worded.filter((row) => annotations.objectsOf(index.captions[row]!).length >= 2);
  const seen = new Set<number>();
  const candidates = (related.length > 0 ? related : worded).filter((row) => {
    const image = index.imageOfText[row]!;
    return !seen.has(image) && seen.add(image);
  });
  const some = Math.min(samples, candidates.length);
  return Array.from(
    { length: some },
    (_, place) => candidates[Math.floor(place * candidates.length / some)]!,
  );
}

function unknown(id: string, known: readonly string[]): never {
  const suggestion = nearest(id, known);
  throw new Complaint(
    `\`samples\` names the caption \`${id}\`, which is not one of the ${known.length} that are measured`,
    suggestion === undefined
      ? `use ids of captions in the features, such as \`${known[0]}\``
      : `did you mean \`${suggestion}\`?`,
    { exitCode: 1 },
  );
}

/** One pair through the encoder, without padding. */
function layersOf(
  caption: number,
  config: Configuration,
  { source: { set, weights }, parameters, objects }: {
    readonly source: SampleSource;
    readonly parameters: SampleContext["parameters"];
    readonly objects: readonly AnnotatedObject[];
  },
): SampleLayer[] {
  const { alignments, k, precision } = parameters;
  const made: SampleLayer[] = [];
  tf.tidy(() => {
    const { tokens, image } = set.captions[caption]!;
    const { cls, sep } = set.vocabulary;
    const ids = [cls, ...tokens, sep];
    const { features, boxes } = set.regions.read(image);
    const { regions } = set.images[image]!;
    const masks = { wordMask: tf.ones([1, ids.length]), regionMask: tf.ones([1, regions]) };
    const { entering } = encodePairs(weights, config, {
      textEmbedding: embedText(weights, config, tf.tensor2d([ids], undefined, "int32")),
      imageEmbedding: embedImage(weights, config, {
        features: tf.tensor3d(features, [1, regions, features.length / regions]),
        boxes: tf.tensor3d(boxes, [1, regions, 7]),
      }, { precision }),
      ...masks,
    }, { keep: "cls", precision });
    entering.forEach((hidden, layer) => {
      const blocks = attentionBlocks(weights, config, hidden, masks, { layer });
      const own = {
        tokens: square(blocks.tokenToToken),
        regions: square(blocks.regionToRegion),
      };
      made.push({
        layer,
        wordToWord: matrix(blocks.tokenToToken),
        regionToRegion: matrix(blocks.regionToRegion),
        wordToRegion: matrix(blocks.tokenToRegion),
        regionToWord: matrix(blocks.regionToToken),
        isda: nullable(annotatedDistance(own, objects)),
        alignments: alignments.map((name) => {
          const alignment = measuredAlignment(name, { k });
          const isd = (modality: "text" | "image") =>
            rounded((alignmentLosses(blocks, alignment, modality)).dataSync()[0]!);
          return {
            name,
            aligned: matrix(alignedWords(blocks, alignment)),
            isdText: isd("text"),
            isdImage: isd("image"),
          };
        }),
      });
    });
  });
  return made;
}

/** A tensor [1, row, column] on the host, rounded. */
function matrix(tensor: tf.Tensor): number[][] {
  return (tensor.arraySync() as number[][][])[0]!.map((row) => row.map(rounded));
}

function square(tensor: tf.Tensor) {
  return { size: tensor.shape[1]!, values: tensor.dataSync<"float32">() };
}

function nullable(value: number | undefined): number | null {
  return value === undefined ? null : rounded(value);
}

function rounded(value: number): number {
  return Math.round(10_000 * value) / 10_000;
}

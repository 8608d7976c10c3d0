/**
 * Distances between the relations of words and the relations of regions (their attention to each other)
 * in the matched pairs of a split: the intra-modal self-attention distance after each alignment (ISD),
 * and that on annotated objects (ISDa), if annotations say which words name which region. Two measures
 * say whether a distance means anything: the entropy of the attention, and the ISD of the same caption
 * with a wrong picture.
 */
import * as tf from "@tensorflow/tfjs-core";
import { yieldToEvents } from "../../pipeline/contract/progress.ts";
import type { StageContext } from "../../pipeline/contract/stage.ts";
import { type FeatureSet, openFeatures } from "../data/feature_set.ts";
import { writeLines } from "../data/formats/json_lines.ts";
import { annotatedDistance } from "../metric/annotated_relations.ts";
import { relativeDistance } from "../metric/relative_distance.ts";
import type { Precision } from "../model/matrix_product.ts";
import { readModel } from "../model/checkpoint/model_artifact.ts";
import { weightsOnDevice } from "../model/weights.ts";
import { type Layers, layersOf } from "../objective/alignment_scope.ts";
import { measuredAlignment } from "../objective/alignment_parameters.ts";
import type { MeasuredAlignment } from "../objective/measured_names.ts";
import { startCompute } from "../tensorflow/kernels/backend.ts";
import { type AnnotationSource, captionAnnotations } from "./caption_annotations.ts";
import { chosenTexts, writeAttentionSamples } from "./attention_samples.ts";
import { type MeasuredPair, measurePairs } from "./attention_measuring.ts";
import { wrongPictures } from "./wrong_pictures.ts";
import { indexSplit, type SplitIndex } from "../batch/split_index.ts";

export interface AttentionAnalysisParameters {
  readonly split: string;
  readonly layers: Layers;
  readonly heads: "mean" | "each";
  readonly alignments: readonly MeasuredAlignment[];
  readonly k: number;
  readonly limit?: number | undefined;
  /** Number of pairs whose attention is kept, or the ids of their captions. */
  readonly samples: number | readonly string[];
  readonly entities?: string | undefined;
  readonly vocabulary?: string | undefined;
  readonly cased: boolean;
  readonly block: number;
  readonly xla: boolean;
  readonly precision: Precision;
}

export async function attentionAnalysis(
  context: StageContext<AttentionAnalysisParameters>,
): Promise<void> {
  const { parameters, inputs, progress } = context;
  const { split, alignments: names, k, limit = Infinity } = parameters;
  using set = await openFeatures(inputs["features"]!);
  const index = indexSplit(set, split);
  const { config, weights: stored } = await readModel(inputs["model"]!.folder);
  const layers = layersOf(parameters.layers, config);
  const texts = index.captions.slice(0, limit).map((_, row) => row);
  const wrong = wrongPictures(set, index, { texts });
  const annotations = await captionAnnotations(context, set, {
    captions: texts.map((row) => index.captions[row]!),
  });
  // Fails for an unknown caption before anything is measured.
  const sampled = chosenTexts({ set, index, annotations, texts }, parameters.samples);
  const compute = await startCompute({ threads: context.threads });
  progress.say(compute.description);
  const encoder = Object.entries(stored).filter(([name]) => name.startsWith("uniter."));
  const weights = weightsOnDevice(Object.fromEntries(encoder));
  const rows = new RelationRows(context, { set, index, annotations }, Math.max(...layers));
  try {
    const captions = texts.map((text, place) => ({ text, wrongImage: wrong[place] }));
    const blocks = measurePairs(compute, config, captions, {
      ...parameters,
      set,
      index,
      weights,
      layers,
      relations: texts.some((row) => annotations.objectsOf(index.captions[row]!).length >= 2),
      alignments: names.map((name) => measuredAlignment(name, { k })),
    });
    for await (const pairs of blocks) {
      for (const pair of pairs) rows.add(pair);
      progress.report(rows.pairs, texts.length, "pairs");
      await yieldToEvents();
      context.signal.throwIfAborted();
    }
    await writeAttentionSamples(context, config, { set, index, weights, annotations, sampled });
  } finally {
    tf.dispose(weights);
  }
  await rows.finish();
}

/** Records rows of table `relation_distance`, and their means. */
class RelationRows {
  pairs = 0;
  #annotated = 0;
  readonly #layerMeans = new Means();
  /** Means of the last layer that is measured. */
  readonly #means = new Means();

  constructor(
    readonly context: StageContext<AttentionAnalysisParameters>,
    readonly source: {
      readonly set: FeatureSet;
      readonly index: SplitIndex;
      readonly annotations: AnnotationSource;
    },
    readonly lastLayer: number,
  ) {}

  add({ text, wrongImage, layers }: MeasuredPair): void {
    const { set, index, annotations } = this.source;
    const { record, parameters: { split, alignments } } = this.context;
    const caption = set.captions[index.captions[text]!]!;
    const objects = annotations.objectsOf(index.captions[text]!);
    this.pairs++;
    if (objects.length >= 2) this.#annotated++;
    // A caption without word pieces has no relations.
    const wordless = caption.tokens.length === 0;
    for (const { layer, distances, wrong, entropies, relations } of layers) {
      const isda = meanOf(relations.map((own) => annotatedDistance(own, objects)));
      const ofPair = {
        isda,
        entropy_text: wordless ? null : entropies.text,
        entropy_image: entropies.image,
        entropy_cross: wordless ? null : entropies.cross,
      };
      for (const [name, value] of Object.entries(ofPair)) this.#count(layer, name, value);
      distances.forEach((own, place) => {
        const alignment = alignments[place]!;
        const other = wordless ? undefined : wrong?.[place];
        const ofAlignment = {
          isd_text: wordless ? null : own.text,
          isd_image: wordless ? null : own.image,
          isd_text_wrong: other?.text ?? null,
          isd_image_wrong: other?.image ?? null,
        };
        for (const side of ["text", "image"] as const) {
          this.#count(layer, `isd_${side}_${alignment}`, ofAlignment[`isd_${side}`]);
          const value = ofAlignment[`isd_${side}_wrong`];
          if (value !== null) {
            this.#compare(layer, `relative_isd_${side}_${alignment}`, own[side], value);
          }
        }
        record.row("relation_distance", {
          split,
          text: caption.id,
          image: set.images[caption.image]!.id,
          layer,
          alignment,
          ...ofAlignment,
          ...ofPair,
          objects: objects.length,
          wrong_image: other === undefined || wrongImage === undefined
            ? null
            : set.images[index.images[wrongImage]!]!.id,
        });
      });
    }
  }

  /** Records means of the last layer as metrics, and writes means per layer to relations.jsonl. */
  async finish(): Promise<void> {
    const { record, folder, parameters: { split } } = this.context;
    for (const { name, mean } of this.#means.all()) record.metric(name, mean, { split });
    record.metric("measured_pairs", this.pairs, { split });
    record.metric("annotated_pairs", this.#annotated, { split });
    await writeLines(
      `${folder}/relations.jsonl`,
      this.#layerMeans.all().map((line) => ({ split, ...line })),
    );
  }

  #count(layer: number, name: string, value: number | null): void {
    if (value === null) return;
    this.#layerMeans.count({ layer, name }, value);
    if (layer === this.lastLayer) this.#means.count({ name }, value);
  }

  #compare(layer: number, name: string, own: number, wrong: number): void {
    this.#layerMeans.count({ layer, name }, own, wrong);
    if (layer === this.lastLayer) this.#means.count({ name }, own, wrong);
  }
}

/** Means by name, in the order in which the names first occur. */
class Means {
  readonly #sums = new Map<string, { of: MeanOf; sum: number; wrong?: number; count: number }>();

  /** @param wrong the same of a wrong pair: the mean becomes relative to its mean */
  count(of: MeanOf, value: number, wrong?: number): void {
    const key = JSON.stringify(of);
    const before = this.#sums.get(key);
    this.#sums.set(key, {
      of,
      sum: (before?.sum ?? 0) + value,
      ...(wrong !== undefined && { wrong: (before?.wrong ?? 0) + wrong }),
      count: (before?.count ?? 0) + 1,
    });
  }

  all() {
    return [...this.#sums.values()].map(({ of, sum, wrong, count }) => ({
      ...of,
      mean: wrong === undefined ? sum / count : relativeDistance(sum / count, wrong / count),
      pairs: count,
    }));
  }
}

interface MeanOf {
  readonly layer?: number;
  readonly name: string;
}

/** The mean over heads; null if no head has a value. */
function meanOf(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

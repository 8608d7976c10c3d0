/** Scores every caption of a split with every image, ranks, and judges the swapped pairs. */
import * as tf from "@tensorflow/tfjs-core";
import type { StageContext } from "../../pipeline/stage.ts";
import { type FeatureSet, openFeatures } from "../data/feature_set.ts";
import { writeSafetensors } from "../data/safetensors.ts";
import { judgePair, pairAccuracy } from "../metric/pair_accuracy.ts";
import { rankQueries, recallMetrics } from "../metric/recall.ts";
import { type HostWeights, withRankHead } from "../model/initial_weights.ts";
import { readModel } from "../model/model_artifact.ts";
import { weightsOnDevice } from "../model/weights_on_device.ts";
import { type Compute, startCompute } from "../tensorflow/backend.ts";
import { freedAtEnd } from "./freed_at_end.ts";
import { indexSplit, pairTables, type TableIndex } from "./pair_tables.ts";
import { pairScorer } from "./pair_scoring.ts";
import { yieldToEvents } from "./yield_to_events.ts";
import { Complaint } from "../../pipeline/complaint.ts";

export interface EvaluationParameters {
  readonly split: string;
  readonly block: number;
  readonly xla: boolean;
}

export async function evaluation(context: StageContext<EvaluationParameters>): Promise<void> {
  const { parameters: { split }, inputs, record } = context;
  const compute = await startCompute({ threads: context.threads });
  context.progress.say(compute.description);
  const set = await openFeatures(inputs["features"]!.folder);
  const index = indexSplit(set, split);
  if (index.captions.length === 0 || index.images.length === 0) {
    const splits = [...new Set(set.images.map((image) => image.split))].join(", ");
    throw new Complaint(
      `split \`${split}\` has ${index.images.length} images and ${index.captions.length} captions`,
      `evaluate one of the splits that the features hold: ${splits}`,
      { exitCode: 1 },
    );
  }
  const { config, weights: stored } = await readModel(inputs["model"]!.folder);
  const weights = weightsOnDevice(rankingWeights(stored));
  try {
    const score = scorerOf(context, compute, config, weights, set);
    const { length: texts } = index.captions;
    const { length: images } = index.images;
    const grid = Array.from({ length: texts * images }, (_, pair) => pair);
    const scores = await score(
      index,
      Int32Array.from(grid, (pair) => Math.floor(pair / images)),
      Int32Array.from(grid, (pair) => pair % images),
      "pairs",
    );
    const ranks = rankQueries({ scores, texts, images, imageOfText: index.imageOfText });
    const captionIds = index.captions.map((caption) => set.captions[caption]!.id);
    const imageIds = index.images.map((image) => set.images[image]!.id);
    for (const { direction, query, rank, ties, top } of ranks) {
      const [asking, answering] = direction === "i2t"
        ? [imageIds, captionIds]
        : [captionIds, imageIds];
      record.row("query_rank", {
        direction,
        query: asking[query]!,
        split,
        rank,
        ties,
        top_ids: JSON.stringify(top.map(({ answer }) => answering[answer])),
        top_scores: JSON.stringify(top.map((entry) => entry.score)),
      });
    }
    for (const [name, value] of Object.entries(recallMetrics(ranks))) {
      record.metric(name, value, { split });
    }
    record.metric("tied_queries", ranks.filter(({ ties }) => ties > 0).length, { split });
    const matrix = { shape: [texts, images], dtype: "F32" as const, data: scores };
    await writeSafetensors(`${context.folder}/scores.safetensors`, new Map([["scores", matrix]]));
    await Deno.writeTextFile(
      `${context.folder}/index.json`,
      `${JSON.stringify({ split, texts: captionIds, images: imageIds })}\n`,
    );
    await judgeSwappedPairs(context, set, score);
  } finally {
    tf.dispose(weights);
  }
}

/** What scoring reads: the encoder and the rank head. */
function rankingWeights(stored: HostWeights): HostWeights {
  const weights = withRankHead(stored);
  return Object.fromEntries(
    Object.entries(weights).filter(([name]) => /^(uniter|rank_output)\./.test(name)),
  );
}

type Score = (
  index: TableIndex,
  texts: Int32Array,
  images: Int32Array,
  unit: string,
) => Promise<Float32Array>;

function scorerOf(
  context: StageContext<EvaluationParameters>,
  compute: Compute,
  config: Parameters<typeof pairScorer>[1],
  weights: Record<string, tf.Tensor>,
  set: FeatureSet,
): Score {
  return async (index, texts, images, unit) => {
    const tables = pairTables(set, index);
    using _freed = freedAtEnd([tables]);
    using scorer = pairScorer(compute, config, {
      weights,
      tables,
      block: Math.min(context.parameters.block, texts.length),
      xla: context.parameters.xla,
    });
    const begun = performance.now();
    const scores = await scorer.score(texts, images, async (done) => {
      context.progress.report(done, texts.length, unit);
      await yieldToEvents();
      context.signal.throwIfAborted();
    });
    context.record.measurement("scoring_speed", {
      pairs: texts.length,
      seconds: (performance.now() - begun) / 1000,
    });
    return scores;
  };
}

/** Four scores per pair of pictures and captions that differ in one thing (Winoground). */
async function judgeSwappedPairs(
  { record }: StageContext<EvaluationParameters>,
  set: FeatureSet,
  score: Score,
): Promise<void> {
  if (set.pairs.length === 0) return;
  const split = set.images[set.pairs[0]!.image0]!.split;
  const index = indexSplit(set, split);
  const textRow = new Map(index.captions.map((caption, row) => [caption, row]));
  const imageRow = new Map(index.images.map((image, row) => [image, row]));
  const texts = set.pairs.flatMap((
    { caption0, caption1 },
  ) => [caption0, caption0, caption1, caption1]);
  const images = set.pairs.flatMap(({ image0, image1 }) => [image0, image1, image0, image1]);
  const scores = await score(
    index,
    Int32Array.from(texts, (caption) => textRow.get(caption)!),
    Int32Array.from(images, (image) => imageRow.get(image)!),
    "swapped pairs",
  );
  const judged = set.pairs.map(({ id, kind }, place) => {
    const [s00, s01, s10, s11] = scores.subarray(4 * place, 4 * place + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const outcome = judgePair({ s00, s01, s10, s11 });
    record.row("pair_score", {
      pair: id,
      kind,
      s00,
      s01,
      s10,
      s11,
      text_right: outcome.textRight,
      image_right: outcome.imageRight,
      group_right: outcome.groupRight,
    });
    return { kind, outcome };
  });
  for (const kind of ["all", ...new Set(judged.map(({ kind }) => kind))]) {
    const outcomes = judged.filter((one) => kind === "all" || one.kind === kind);
    for (const [name, value] of Object.entries(pairAccuracy(outcomes.map((one) => one.outcome)))) {
      record.metric(kind === "all" ? name : `${name}_${kind}`, value, { split });
    }
  }
}

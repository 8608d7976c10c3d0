/** Asks a tuned model: which images fit a text best, or which captions an image. */
import * as tf from "@tensorflow/tfjs-core";
import { type Progress, yieldToEvents } from "../../pipeline/contract/progress.ts";
import { type FeatureSet, type FeaturesPlace, openFeatures } from "../data/feature_set.ts";
import { meanOfRegions, pictureVectors } from "../data/picture_vectors.ts";
import type { RegionRows } from "../data/region_source.ts";
import { openTokenizer } from "../data/tokenizer.ts";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { hasBranches, learnedBranchWeight } from "../model/branches.ts";
import type { Configuration } from "../model/configuration.ts";
import { readModel } from "../model/checkpoint/model_artifact.ts";
import { weightsOnDevice } from "../model/weights.ts";
import { startCompute } from "../tensorflow/kernels/backend.ts";
import { branchCosines } from "../score/branches.ts";
import { rankingWeights } from "./recall_run.ts";
import { rawScale, summedScores } from "../score/score_sum.ts";
import { scoreGrid } from "../score/grid.ts";
import { indexSplit, type SplitIndex } from "../batch/split_index.ts";

export type Query = { readonly text: string } | {
  /** Of a new picture, and the mean of its map where the features have such means. */
  readonly regions: RegionRows & { readonly whole?: Float32Array };
} | {
  /** Id of an image of the features. */
  readonly image: string;
};

export interface SearchOptions {
  readonly features: FeaturesPlace;
  /** Folder of the model. */
  readonly model: string;
  readonly query: Query;
  /** Among which images, or captions. */
  readonly split: string;
  /** How many answers. */
  readonly count: number;
  readonly threads: number;
  readonly progress: Progress;
}

/** An image, or a caption with its image; best first. */
export interface Found {
  readonly image: string;
  readonly caption?: string;
  readonly text?: string;
  /** Raw rank score, on top of branches where it was learned there: comparable within one answer. */
  readonly score: number;
}

export async function searchModel(
  { features, model, query, split, count, threads, progress }: SearchOptions,
): Promise<Found[]> {
  using set = await openFeatures(features);
  requireSplit(set, split);
  const { config, weights: stored } = await readModel(model);
  const { set: asked, index } = "text" in query
    ? await textAsked(set, features.folder, query.text, split)
    : imageAsked(set, query, split);
  if ("text" in query) requireShort(asked.captions.at(-1)!.tokens.length, config);
  const compute = await startCompute({ threads });
  const cosines = async () => {
    const known = await pictureVectors(features, set);
    const own = "regions" in query ? query.regions.whole : undefined;
    const pictures = (image: number) =>
      image < set.images.length ? known(image) : own ?? meanOfRegions(asked, image);
    return await branchCosines(compute, config, {
      set: asked,
      index,
      pictures,
      weights,
      xla: true,
    });
  };
  const branchWeight = learnedBranchWeight(stored);
  // A model that was never tuned to rank pairs, but has branches, ranks by these.
  const branchesAlone = hasBranches(stored) && stored["rank_output.weight"] === undefined;
  const onBranches = branchWeight !== undefined || branchesAlone;
  const weights = weightsOnDevice(onBranches ? stored : rankingWeights(stored));
  try {
    const cross = branchesAlone ? undefined : await scoreGrid(compute, config, {
      set: asked,
      index,
      weights,
      block: 64,
      xla: true,
      async after(done, total) {
        progress.report(done, total, "pairs");
        await yieldToEvents();
      },
    });
    const scores = cross === undefined
      ? await cosines()
      : branchWeight === undefined
      ? cross
      : summedScores(cross, await cosines(), { scale: rawScale, weight: branchWeight });
    const answers = "text" in query
      ? index.images.map((image) => ({ image: asked.images[image]!.id }))
      : index.captions.map((caption) => {
        const { id, text, image } = asked.captions[caption]!;
        return { image: asked.images[image]!.id, caption: id, text };
      });
    return answers
      .map((answer, place) => ({ ...answer, score: scores[place]! }))
      .sort((a, b) => b.score - a.score)
      .slice(0, count);
  } finally {
    tf.dispose(weights);
  }
}

/** @throws {Complaint} about the request */
function requireSplit({ images }: FeatureSet, split: string): void {
  const known = [...new Set(images.map((image) => image.split))];
  if (known.includes(split)) return;
  throw new Complaint(
    `there is no split \`${split}\``,
    `name one of those that the features hold: ${known.join(", ")}`,
  );
}

/** @throws {Complaint} about the request */
function requireShort(pieces: number, { max_position_embeddings: places }: Configuration): void {
  if (pieces + 2 <= places) return;
  throw new Complaint(
    `the query has ${pieces} word pieces, and the model takes ${places - 2}`,
    "ask with fewer words",
  );
}

interface Asked {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
}

/** The text as one more caption, beside all images of the split. */
async function textAsked(
  set: FeatureSet,
  folder: string,
  text: string,
  split: string,
): Promise<Asked> {
  const { images } = indexSplit(set, split);
  const tokens = (await tokenizerOf(folder)).encode(text);
  if (tokens.length === 0) {
    throw new Complaint("the query has no words", "describe an image, or name an image file");
  }
  const unknown = tokens.every((token) => token === set.vocabulary.unk);
  if (unknown) {
    throw new Complaint(
      `the model knows no word of ${JSON.stringify(text)}`,
      "use words of the captions it was trained on",
    );
  }
  const query = { id: "query", image: images[0]!, split, text, tokens };
  const captions = [...set.captions, query];
  return {
    set: { ...set, captions },
    index: {
      captions: [set.captions.length],
      images,
      imageOfText: [0],
      textsOfImage: images.map((_, row) => row === 0 ? [0] : []),
    },
  };
}

async function tokenizerOf(folder: string) {
  try {
    return openTokenizer(await Deno.readTextFile(`${folder}/tokenizer.json`));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Complaint(
      "these features came with their captions as word pieces: nothing says how to cut a text",
      "ask with an image, or make features from raw captions",
      { place: { file: folder }, cause },
    );
  }
}

/** The image alone, beside all captions of the split. */
function imageAsked(
  set: FeatureSet,
  query: Exclude<Query, { text: string }>,
  split: string,
): Asked {
  const { captions } = indexSplit(set, split);
  const place = "image" in query
    ? set.images.findIndex(({ id }) => id === query.image)
    : set.images.length;
  if (place < 0) throw new Error("internal: the image is not among the features");
  const all = "image" in query ? set : withImage(set, query.regions);
  const index = {
    captions,
    images: [place],
    imageOfText: captions.map(() => 0),
    textsOfImage: [captions.map((_, row) => row)],
  };
  return { set: all, index };
}

function withImage(set: FeatureSet, regions: RegionRows): FeatureSet {
  const place = set.images.length;
  const count = regions.boxes.length / 7;
  return {
    ...set,
    images: [...set.images, { id: "query", split: "query", regions: count }],
    regions: {
      featureDim: set.featureDim,
      read: (image) => image === place ? regions : set.regions.read(image),
      [Symbol.dispose]() {},
    },
  };
}

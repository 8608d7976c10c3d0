/** Searches with a model: the images that fit a text best, or the captions that fit an image. */
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
import { branchCosines, rawScale, summedScores } from "../score/branches.ts";
import { rankingWeights } from "./recall_run.ts";
import { scoreGrid } from "../score/grid.ts";
import { indexSplit, type SplitIndex } from "../batch/split_index.ts";

export type Query = { readonly text: string } | {
  /** Regions of a new picture, and the mean of its feature map if the features have these means. */
  readonly regions: RegionRows & { readonly whole?: Float32Array };
} | {
  /** Id of an image in the features. */
  readonly image: string;
};

export interface SearchOptions {
  readonly features: FeaturesPlace;
  /** Folder of the model. */
  readonly model: string;
  readonly query: Query;
  /** The split whose images, or captions, are searched. */
  readonly split: string;
  /** Number of answers. */
  readonly count: number;
  readonly threads: number;
  readonly progress: Progress;
}

/** An image, or a caption with its image; best first. */
export interface Found {
  readonly image: string;
  readonly caption?: string;
  readonly text?: string;
  /**
   * Raw rank score, with the branches' cosine if it was learned on top of it; of a model that only has branches,
   * their cosine. Compare it within one search only.
   */
  readonly score: number;
}

export async function searchModel(
  { features, model, query, split, count, threads, progress }: SearchOptions,
): Promise<Found[]> {
  using set = await openFeatures(features);
  requireSplit(set, split);
  const { config, weights: stored } = await readModel(model);
  const { set: queried, index } = "text" in query
    ? await withTextQuery(set, features.folder, query.text, split)
    : withImageQuery(set, query, split);
  if ("text" in query) requireShort(queried.captions.at(-1)!.tokens.length, config);
  const compute = await startCompute({ threads });
  const cosines = async () => {
    const known = await pictureVectors(features, set);
    const own = "regions" in query ? query.regions.whole : undefined;
    const pictures = (image: number) =>
      image < set.images.length ? known(image) : own ?? meanOfRegions(queried, image);
    return await branchCosines(compute, config, {
      set: queried,
      index,
      pictures,
      weights,
      xla: true,
    });
  };
  const branchWeight = learnedBranchWeight(stored);
  // A model that has branches, but was never tuned to rank pairs, ranks by the branches.
  const branchesAlone = hasBranches(stored) && stored["rank_output.weight"] === undefined;
  const onBranches = branchWeight !== undefined || branchesAlone;
  const weights = weightsOnDevice(onBranches ? stored : rankingWeights(stored));
  try {
    const cross = branchesAlone ? undefined : await scoreGrid(compute, config, {
      set: queried,
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
      ? index.images.map((image) => ({ image: queried.images[image]!.id }))
      : index.captions.map((caption) => {
        const { id, text, image } = queried.captions[caption]!;
        return { image: queried.images[image]!.id, caption: id, text };
      });
    return answers
      .map((answer, place) => ({ ...answer, score: scores[place]! }))
      .sort((a, b) => b.score - a.score)
      .slice(0, count);
  } finally {
    tf.dispose(weights);
  }
}

/** @throws {Complaint} if the features have no such split */
function requireSplit({ images }: FeatureSet, split: string): void {
  const known = [...new Set(images.map((image) => image.split))];
  if (known.includes(split)) return;
  throw new Complaint(
    `there is no split \`${split}\``,
    `name one of the splits of the features: ${known.join(", ")}`,
  );
}

/** @throws {Complaint} if the query is longer than the model allows */
function requireShort(pieces: number, { max_position_embeddings: places }: Configuration): void {
  if (pieces + 2 <= places) return;
  throw new Complaint(
    `the query has ${pieces} word pieces; the model takes at most ${places - 2}`,
    "use fewer words",
  );
}

/** Features with the query added to them, and the rows that are scored. */
interface QueriedSplit {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
}

/** The text as an additional caption, with all images of the split. */
async function withTextQuery(
  set: FeatureSet,
  folder: string,
  text: string,
  split: string,
): Promise<QueriedSplit> {
  const { images } = indexSplit(set, split);
  const tokens = (await tokenizerOf(folder)).encode(text);
  if (tokens.length === 0) {
    throw new Complaint("the query has no words", "describe an image, or give an image file");
  }
  const unknown = tokens.every((token) => token === set.vocabulary.unk);
  if (unknown) {
    throw new Complaint(
      `the model knows no word of ${JSON.stringify(text)}`,
      "use words of the captions that it was trained on",
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
      "the captions of these features were already word pieces, so it is not known how to tokenize a text",
      "search with an image, or make features from raw captions",
      { place: { file: folder }, cause },
    );
  }
}

/** The image alone, with all captions of the split. */
function withImageQuery(
  set: FeatureSet,
  query: Exclude<Query, { text: string }>,
  split: string,
): QueriedSplit {
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

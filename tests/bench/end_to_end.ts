/**
 * What is timed end to end: an update of fine-tuning, and the scoring of captions with images, from
 * features and weights on disk. Both sides read the same files and rank the same problems.
 */
import { type RandomStream, randomStream } from "../../pipeline/contract/random_stream.ts";
import { type ProblemSizes, rankingProblems } from "../../stages/batch/sampling.ts";
import { indexSplit } from "../../stages/batch/split_index.ts";
import { openFeatures } from "../../stages/data/feature_set.ts";
import { writeSafetensors } from "../../stages/data/formats/safetensors.ts";
import type { Configuration } from "../../stages/model/configuration.ts";
import type { Precision } from "../../stages/model/matrix_product.ts";
import { writeModel } from "../../stages/model/checkpoint/model_artifact.ts";
import { parameterTable } from "../../stages/model/parameters.ts";
import { spreadNumbers, startValues } from "./workload.ts";

export const endToEndTasks = ["fine-tuning", "grid"] as const;
export type EndToEndTask = typeof endToEndTasks[number];

/** Regions of an image: the cells of a grid of 5 x 5. */
const regionsOfImage = 25;
const captionsOfImage = 5;

const config: Configuration = {
  hidden_size: 384,
  num_hidden_layers: 6,
  num_attention_heads: 6,
  intermediate_size: 4 * 384,
  vocab_size: 28996,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  initializer_range: 0.02,
  hidden_act: "gelu",
  img_dim: 2048,
};

/** The recipe of an update, with the names of the stage's parameters. */
export const recipe = {
  seed: 42,
  train: "train",
  alignment: "singular",
  alignment_weight: 8,
  steps: 5000,
  micro_steps: 2,
  anchors: 1,
  negatives: 15,
  hard_negatives: 7,
  margin: 0.2,
  learning_rate: 5e-5,
  warmup: 500,
  clip: 2,
  weight_decay: 0.01,
} as const;

/** One job of a worker process; goes to it as a line of JSON. */
export interface EndToEndJob {
  readonly task: EndToEndTask;
  readonly precision: Precision;
  readonly threads: number;
  /** Of the features to train on. */
  readonly trained: string;
  /** Of the features to score. */
  readonly scored: string;
  readonly model: string;
  /** A folder that the worker may write to. */
  readonly scratch: string;
  readonly recipe: typeof recipe;
  /** The ranking problems of the first micro-steps, as rows of the split. */
  readonly problems: readonly Problems[];
}

/** `RankingProblems` as lists. */
type Problems = Readonly<
  Record<"imageAnchors" | "textCandidates" | "textAnchors" | "imageCandidates", readonly number[]>
>;

export interface EndToEndFiles {
  readonly trained: string;
  readonly scored: string;
  readonly model: string;
  readonly problems: readonly Problems[];
}

/** Writes features of 300 images to train on and of some to score, and a model. */
export async function writeEndToEndFiles(
  folder: string,
  { images }: { readonly images: number },
): Promise<EndToEndFiles> {
  const files = { trained: `${folder}/train`, scored: `${folder}/test`, model: `${folder}/model` };
  await writeFeatures(files.trained, { split: "train", images: 300, seed: 1 });
  await writeFeatures(files.scored, { split: "test", images, seed: 2 });
  await Deno.mkdir(files.model);
  const weights = parameterTable(config).map((parameter, place) =>
    [parameter.name, { shape: parameter.shape, values: startValues(parameter, place) }] as const
  );
  await writeModel(files.model, { config, weights: Object.fromEntries(weights) });
  return { ...files, problems: await problemsOf(files.trained, recipe) };
}

async function problemsOf(folder: string, sizes: ProblemSizes): Promise<Problems[]> {
  using set = await openFeatures({ folder });
  const index = indexSplit(set, recipe.train);
  const random = randomStream(recipe.seed).fork("fine_tune");
  return Array.from({ length: 2 * 100 }, (_, microStep) => {
    const problems = rankingProblems(index, random, microStep, sizes);
    const lists = Object.entries(problems).map(([name, rows]) => [name, [...rows as Int32Array]]);
    return Object.fromEntries(lists) as Problems;
  });
}

async function writeFeatures(
  folder: string,
  { split, images, seed }: {
    readonly split: string;
    readonly images: number;
    readonly seed: number;
  },
): Promise<void> {
  await Deno.mkdir(folder);
  const random = randomStream(seed);
  const [lines, captions]: [string[], string[]] = [[], []];
  for (let image = 0; image < images; image++) {
    const id = `image${image}`;
    const offset = image * regionsOfImage;
    lines.push(JSON.stringify({ id, split, offset, regions: regionsOfImage }));
    for (let which = 0; which < captionsOfImage; which++) {
      const draw = random.fork("caption").fork(image * captionsOfImage + which);
      const tokens = Array.from(
        { length: wordPieces(draw.fork("length")) },
        (_, place) => 1000 + Math.floor(draw.uniform(place) * (config.vocab_size - 1000)),
      );
      captions.push(
        JSON.stringify({ id: `${id}.${which}`, image: id, split, text: "word", tokens }),
      );
    }
  }
  const vocabulary = { size: config.vocab_size, pad: 0, unk: 100, cls: 101, sep: 102, mask: 103 };
  const write = (name: string, lines: readonly string[]) =>
    Deno.writeTextFile(`${folder}/${name}`, lines.map((line) => `${line}\n`).join(""));
  await write("images.jsonl", lines);
  await write("captions.jsonl", captions);
  await write("pairs.jsonl", []);
  await write("vocabulary.json", [JSON.stringify(vocabulary)]);
  const rows = images * regionsOfImage;
  const numbers = (width: number, seed: number) =>
    spreadNumbers(rows * width, seed).map((x) => Math.max(0, x));
  await writeSafetensors(
    `${folder}/regions.safetensors`,
    new Map([
      ["features", {
        shape: [rows, config.img_dim],
        dtype: "F32" as const,
        data: numbers(config.img_dim, seed),
      }],
      ["boxes", { shape: [rows, 7], dtype: "F32" as const, data: numbers(7, seed + 1) }],
    ]),
  );
}

/**
 * The length of a caption, distributed like Flickr30k's: the logarithm is normal, the mean is 14 word
 * pieces, and one in a hundred has more than 31.
 */
function wordPieces(random: RandomStream): number {
  return Math.min(50, Math.max(4, Math.round(13 * Math.exp(0.38 * random.normal(0)))));
}

/**
 * The goldens' databases, opened as experiments open them: taken over into a features artifact, then
 * read split by split. Which databases, and which regions of theirs, the folder says.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type FeatureSet, openFeatures } from "../../stages/data/feature_set.ts";
import type { RegionChoice } from "../../stages/data/databases/image_database.ts";
import { importFeatures } from "../../stages/data/published/import_features.ts";
import { indexSplit, type SplitIndex } from "../../stages/batch/split_index.ts";
import type { RankingBatch } from "../../stages/train/fine_tune/ranking_batch.ts";
import { goldenConfiguration, goldenFile, goldenJson } from "./goldens.ts";
import { temporaryFolder } from "./temporary_folder.ts";

export type SplitName = "train" | "test";

export interface GoldenSplit extends Disposable {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  /** Row of a text id. */
  text(id: string): number;
  /** Row of an image's name. */
  image(id: string): number;
}

/** The database of a split's captions, or of its images: an absolute path. */
export function goldenDatabase(split: SplitName, kind: "txt" | "img"): string {
  return goldenFile(goldenJson("expected.json").meta.paths[`${split}_${kind}`]);
}

/** The thresholds that the image database's files are named after; the published ones without names. */
export function goldenChoice(folder: string): RegionChoice {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const found = names.map((name) => /^nbb_th(.+)_max(\d+)_min(\d+)\.json$/.exec(name))
    .find((match) => match !== null);
  const [conf_th, max_bb, min_bb] = found?.slice(1).map(Number) ?? [0.2, 100, 10];
  const fixed = names.map((name) => /^feat_numbb(\d+)(_compressed)?$/.exec(name))
    .find((match) => match !== null);
  return {
    conf_th: found === undefined && fixed !== undefined ? -1 : conf_th!,
    max_bb: max_bb!,
    min_bb: min_bb!,
    num_bb: Number(fixed?.[1] ?? 36),
  };
}

export async function goldenSplit(split: SplitName): Promise<GoldenSplit> {
  const [texts, images] = [goldenDatabase(split, "txt"), goldenDatabase(split, "img")];
  const files = { texts, images };
  const longest = goldenConfiguration().max_position_embeddings - 2; // [CLS] and [SEP]
  using temporary = temporaryFolder();
  await importFeatures({
    parameters: { ...goldenChoice(images), format: "lmdb", cased: true, max_text_length: longest },
    files,
    folder: temporary.path,
    signal: new AbortController().signal,
    progress: { report() {}, say() {} },
  }, [{ split, texts: "texts", images: "images" }]);
  const set = await openFeatures({ folder: temporary.path, files });
  const index = indexSplit(set, split);
  return {
    set,
    index,
    text: rowOf(index.captions.map((place) => set.captions[place]!.id)),
    image: rowOf(index.images.map((place) => set.images[place]!.id)),
    [Symbol.dispose]: () => set[Symbol.dispose](),
  };
}

/** A positive pair with its negatives: texts if the image is the anchor, else images. */
export interface RecordedProblem {
  readonly txt_id: string;
  readonly img_id: string;
  readonly neg_ids: readonly string[];
}

/** One problem per direction, on the device. */
export function batchOfProblems(
  { text, image }: Pick<GoldenSplit, "text" | "image">,
  { imageAnchored, textAnchored }: {
    readonly imageAnchored: RecordedProblem;
    readonly textAnchored: RecordedProblem;
  },
): RankingBatch {
  const row = (id: number) => tf.tensor1d([id], "int32");
  const rows = (ids: readonly number[]) => tf.tensor2d([[...ids]], undefined, "int32");
  return {
    imageAnchors: row(image(imageAnchored.img_id)),
    textCandidates: rows([imageAnchored.txt_id, ...imageAnchored.neg_ids].map(text)),
    textAnchors: row(text(textAnchored.txt_id)),
    imageCandidates: rows([textAnchored.img_id, ...textAnchored.neg_ids].map(image)),
  };
}

function rowOf(ids: readonly string[]): (id: string) => number {
  const rows = new Map(ids.map((id, row) => [id, row]));
  return (id) => {
    const row = rows.get(id);
    if (row === undefined) {
      throw new Error(`the goldens name ${id}, which is not in their database`);
    }
    return row;
  };
}

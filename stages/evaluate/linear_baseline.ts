/**
 * A linear baseline: canonical correlation between pictures (the mean of their feature map) and
 * captions (their sentence embedding), fitted on one split and evaluated on another.
 */
import { yieldToEvents } from "../../pipeline/contract/progress.ts";
import type { StageContext } from "../../pipeline/contract/stage.ts";
import { openFeatures, type TrainingSplits } from "../data/feature_set.ts";
import { type PictureKind, pictureVectors } from "../data/picture_vectors.ts";
import { writeSafetensors } from "../data/formats/safetensors.ts";
import { canonicalCorrelation, project, type Projection } from "../model/canonical_correlation.ts";
import { readModel } from "../model/checkpoint/model_artifact.ts";
import { startCompute } from "../tensorflow/kernels/backend.ts";
import { indexSplit, type SplitIndex } from "../batch/split_index.ts";
import { recordRanks, writeScores } from "./ranked_scores.ts";
import { sentenceEmbeddings } from "../score/sentence_embeddings.ts";

export interface LinearBaselineParameters {
  readonly train: TrainingSplits;
  readonly split: string;
  readonly pictures: PictureKind;
  readonly image_ridge: number;
  readonly text_ridge: number;
  readonly xla: boolean;
}

export async function linearBaseline(
  context: StageContext<LinearBaselineParameters>,
): Promise<void> {
  const { parameters: p, inputs, folder, progress, signal } = context;
  using set = await openFeatures(inputs["features"]!);
  const model = await readModel(inputs["text"]!.folder);
  const compute = await startCompute({ threads: context.threads });
  progress.say(compute.description);
  const pictures = await pictureVectors(inputs["features"]!, set, p.pictures);
  const view = async (split: TrainingSplits) => {
    const index = indexSplit(set, split);
    const texts = await sentenceEmbeddings(compute, model, index, {
      set,
      xla: p.xla,
      async after(done, total) {
        progress.report(done, total, "captions");
        await yieldToEvents();
        signal.throwIfAborted();
      },
    });
    return { index, texts, images: index.images.map((image) => pictures(image)) };
  };
  const fitted = await view(p.train);
  const { x, y, correlations } = canonicalCorrelation(
    fitted.images,
    fitted.texts,
    fitted.index.imageOfText,
    { x: p.image_ridge, y: p.text_ridge },
  );
  const { index, texts, images } = await view(p.split);
  const scores = cosines(project(texts, y), project(images, x));
  recordRanks(context, { set, index, split: p.split }, matrixOf(index, scores));
  await writeScores(folder, { set, index, split: p.split }, scores);
  await writeProjections(`${folder}/projections.safetensors`, { x, y }, correlations);
}

interface Rows {
  readonly rows: number;
  readonly columns: number;
  get(row: number, column: number): number;
}

/** float32 [text, image]; the rows are unit vectors. */
function cosines(texts: Rows, images: Rows): Float32Array {
  const scores = new Float32Array(texts.rows * images.rows);
  for (let text = 0; text < texts.rows; text++) {
    for (let image = 0; image < images.rows; image++) {
      let sum = 0;
      for (let i = 0; i < texts.columns; i++) sum += texts.get(text, i) * images.get(image, i);
      scores[text * images.rows + image] = sum;
    }
  }
  return scores;
}

function matrixOf({ captions, images, imageOfText }: SplitIndex, scores: Float32Array) {
  return { scores, texts: captions.length, images: images.length, imageOfText };
}

async function writeProjections(
  path: string,
  { x, y }: { x: Projection; y: Projection },
  correlations: Float64Array,
): Promise<void> {
  const tensor = (shape: number[], data: Float32Array) => ({ shape, dtype: "F32" as const, data });
  const parts = ([name, { mean, matrix }]: readonly [string, Projection]) =>
    [
      [`${name}.mean`, tensor([mean.length], Float32Array.from(mean))],
      [
        `${name}.matrix`,
        tensor([matrix.rows, matrix.columns], Float32Array.from(matrix.to1DArray())),
      ],
    ] as const;
  const sides = [["image", x], ["text", y]] as const;
  await writeSafetensors(
    path,
    new Map([
      ...sides.flatMap(parts),
      ["correlations", tensor([correlations.length], Float32Array.from(correlations))],
    ]),
  );
}

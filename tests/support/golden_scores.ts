/** Score matrices as the goldens have them: a row per text, a column per image, in their order. */
import * as tf from "@tensorflow/tfjs-core";
import type { ScoreMatrix } from "../../stages/metric/recall.ts";
import type { Configuration } from "../../stages/model/configuration.ts";
import { type HostWeights, weightsOnDevice } from "../../stages/model/weights.ts";
import type { Compute } from "../../stages/tensorflow/kernels/backend.ts";
import { rankingWeights } from "../../stages/evaluate/recall_run.ts";
import { scoreGrid } from "../../stages/score/grid.ts";
import type { GoldenSplit } from "./golden_data.ts";
import { goldenJson } from "./goldens.ts";

/** A recorded matrix of the test split. */
export function recordedMatrix(scores: readonly (readonly number[])[]): ScoreMatrix {
  const { eval: { txt_ids, img_ids }, meta } = goldenJson("expected.json");
  const imageOf = goldenJson(`${meta.paths.test_txt}/txt2img.json`);
  return {
    scores: Float32Array.from(scores.flat()),
    texts: txt_ids.length,
    images: img_ids.length,
    imageOfText: txt_ids.map((text: string) => img_ids.indexOf(imageOf[text])),
  };
}

/** The same by our evaluation. */
export async function ourMatrix(
  compute: Compute,
  config: Configuration,
  { set, index, text, image }: GoldenSplit,
  weights: HostWeights,
): Promise<ScoreMatrix> {
  const { txt_ids, img_ids } = goldenJson("expected.json").eval;
  const onDevice = weightsOnDevice(rankingWeights(weights));
  const options = { set, index, weights: onDevice, block: 256, xla: false };
  const grid = await scoreGrid(compute, config, options);
  tf.dispose(onDevice);
  const columns = img_ids.map(image);
  return recordedMatrix(
    txt_ids.map((id: string) =>
      columns.map((column: number) => grid[text(id) * columns.length + column]!)
    ),
  );
}

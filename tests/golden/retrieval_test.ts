/** Scores of the whole test split from every kind of checkpoint, and their recalls. */
import assert from "node:assert/strict";
import type { ScoreMatrix } from "../../stages/metric/recall.ts";
import { roundedToFloat16 } from "../../stages/metric/release_recall.ts";
import type { HostWeights } from "../../stages/model/weights.ts";
import { withRankHead } from "../../stages/model/initial_weights.ts";
import { testCompute } from "../support/compute.ts";
import { goldenSplit } from "../support/golden_data.ts";
import { assertRelease, assertTextbook } from "../support/golden_recalls.ts";
import { ourMatrix, recordedMatrix } from "../support/golden_scores.ts";
import {
  goldenCheckpoint,
  goldenConfiguration,
  goldenFile,
  goldenJson,
  goldenTolerance,
} from "../support/goldens.ts";
import { assertClose } from "../support/tensor_test.ts";

const { eval: recorded } = goldenJson("expected.json");
const { runs } = goldenJson("trajectory.json");
const config = goldenConfiguration();
const tolerance = goldenTolerance();
const compute = await testCompute();

async function scoresOf(weights: HostWeights): Promise<ScoreMatrix> {
  using split = await goldenSplit("test");
  return await ourMatrix(compute, config, split, weights);
}

Deno.test("scores of every pair equal the release's within float32 rounding", async () => {
  const { scores } = await scoresOf(await goldenCheckpoint());
  assertClose(scores, recorded.rank_scores.flat(), tolerance, "scores");
  assertClose(scores, recorded.rank_scores_float64.flat(), tolerance, "scores in float64");
});

const others: Record<string, boolean> = recorded.identical_scores_from_other_checkpoint_files;
for (const [file, identical] of Object.entries(others)) {
  Deno.test(`${file} gives the scores of the initial checkpoint`, async () => {
    assert.ok(identical);
    const { scores } = await scoresOf(await goldenCheckpoint(file));
    assert.deepEqual(scores, (await scoresOf(await goldenCheckpoint())).scores);
  });
}

Deno.test("the float16 checkpoint gives the release's scores and recalls", async () => {
  const matrix = await scoresOf(await goldenCheckpoint("model_fp16.pt"));
  assertClose(matrix.scores, recorded.rank_scores_from_model_fp16.flat(), tolerance, "scores");
  const rounded = recordedMatrix(recorded.rank_scores_from_model_fp16);
  // It is not recorded whether these recalls are of rounded scores, so the comparison allows for both.
  const doubt = { near: 2e-3 };
  assertRelease(rounded, recorded.metrics_from_model_fp16, { rounding: "float32", ...doubt });
});

const tuned = Array.from(Deno.readDirSync(goldenFile(".")), ({ name }) => name)
  .flatMap((file) => {
    const run = /^model_finetuned_(.+)\.pt$/.exec(file)?.[1];
    return run === undefined ? [] : [{ file, run }];
  });
assert.ok(tuned.length > 0);
for (const { file, run } of tuned) {
  Deno.test(`${file} gives the scores recorded at the end of its run`, async () => {
    const { scores } = await scoresOf(await goldenCheckpoint(file));
    assertClose(scores, runs[run].final_rank_scores.flat(), tolerance, "scores");
  });

  Deno.test(`${file} with the head of pretraining gives the scores of the release's inference`, async () => {
    const weights = Object.entries(await goldenCheckpoint(file))
      .filter(([name]) => !name.startsWith("rank_output."));
    const { scores } = await scoresOf(withRankHead(Object.fromEntries(weights)));
    const reapplied = runs[run].final_rank_scores_if_init_output_is_reapplied;
    assertClose(scores, reapplied.flat(), tolerance, "scores");
  });
}

Deno.test("recalls of our own scores equal the textbook's and, computed its way, the release's", async () => {
  const matrix = await scoresOf(await goldenCheckpoint());
  const doubt = { near: 2e-5 };
  assertTextbook(matrix, recorded.metrics_textbook_on_fp32, doubt);
  assertRelease(matrix, recorded.metrics_on_fp32, { rounding: "float32", ...doubt });
});

Deno.test("recalls of the release's scores equal its own, rounded to float16 or not", () => {
  const matrix = recordedMatrix(recorded.rank_scores);
  assertTextbook(matrix, recorded.metrics_textbook_on_fp32);
  assertRelease(matrix, recorded.metrics_on_fp32, { rounding: "float32" });
  assertRelease(matrix, recorded.metrics_on_fp16, { rounding: "float16" });
  for (const run of Object.keys(runs)) {
    const matrix = recordedMatrix(runs[run].final_rank_scores);
    assertTextbook(matrix, runs[run].final_metrics_textbook_on_fp32);
    assertRelease(matrix, runs[run].final_metrics_on_fp32, { rounding: "float32" });
    assertRelease(matrix, runs[run].final_metrics_official_fp16, { rounding: "float16" });
  }
});

Deno.test("scores rounded to float16 equal the release's", () => {
  const { scores } = recordedMatrix(recorded.rank_scores);
  assert.deepEqual(roundedToFloat16(scores), recordedMatrix(recorded.rank_scores_fp16).scores);
});

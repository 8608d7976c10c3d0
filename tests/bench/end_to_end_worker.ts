/**
 * This project's side of the end-to-end bench, as a worker process. It runs the code of the stages on
 * the files of the job. Reads the job and then the number of steps to time from standard input, a line
 * each; answers with a line of JSON each.
 */
import { cpuUsage } from "node:process";
import * as v from "valibot";
import type { Scalar } from "../../pipeline/contract/stage.ts";
import { silentProgress } from "../../pipeline/contract/progress.ts";
import { longestRows } from "../../stages/batch/row_tables.ts";
import { indexSplit } from "../../stages/batch/split_index.ts";
import { openFeatures } from "../../stages/data/feature_set.ts";
import { fineTune } from "../../stages/fine_tune.ts";
import { readModel } from "../../stages/model/checkpoint/model_artifact.ts";
import { weightsOnDevice } from "../../stages/model/weights.ts";
import { scoreGrid } from "../../stages/score/grid.ts";
import { scoringBlock } from "../../stages/score/scoring_block.ts";
import { startCompute } from "../../stages/tensorflow/kernels/backend.ts";
import { ensureLibrary } from "../../stages/tensorflow/library/open_library.ts";
import { fineTuning, type FineTuningParameters } from "../../stages/train/fine_tune/run.ts";
import type { EndToEndJob } from "./end_to_end.ts";
import { lines } from "./lines.ts";
import type { Turn } from "./route_process.ts";

const input = lines(Deno.stdin.readable);
const job = JSON.parse((await input.next()).value!) as EndToEndJob;
await ensureLibrary({ report() {}, say: (line) => console.error(line) });
const compute = await startCompute({ threads: job.threads });

/** Seconds of all cores so far. */
const cpuSeconds = () => {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
};

interface Steps extends Turn {
  readonly check: readonly number[];
}

/** The first updates of a training, which is stopped after them; the first two are not timed. */
async function trainingSteps(count: number): Promise<Steps> {
  const stop = new AbortController();
  const moments: { readonly wall: number; readonly cpu: number }[] = [];
  const check: number[] = [];
  const context = {
    parameters: v.parse(fineTune.parameters, { ...job.recipe, precision: job.precision }),
    inputs: {
      features: { folder: job.trained, key: "", files: {} },
      weights: { folder: job.model, key: "", files: {} },
    },
    files: {},
    folder: `${job.scratch}/model`,
    resumeFolder: `${job.scratch}/resume`,
    record: {
      row(_: string, row: Readonly<Record<string, Scalar>>) {
        moments.push({ wall: performance.now() / 1000, cpu: cpuSeconds() });
        if (check.length === 0) check.push(Number(row["rank_loss"]), Number(row["alignment_loss"]));
        if (moments.length === count + 2) stop.abort(new Error("stopped"));
      },
      measurement() {},
      metric() {},
      retain() {},
    },
    progress: silentProgress,
    threads: job.threads,
    signal: stop.signal,
  };
  for (const folder of [context.folder, context.resumeFolder]) {
    await Deno.mkdir(folder, { recursive: true });
  }
  await fineTuning(
    context as typeof context & { parameters: FineTuningParameters },
    () => undefined,
  )
    .catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
  await Deno.remove(context.resumeFolder, { recursive: true });
  const timed = moments.slice(1);
  return {
    seconds: timed.slice(1).map(({ wall }, step) => wall - timed[step]!.wall),
    cpuSeconds: timed.at(-1)!.cpu - timed[0]!.cpu,
    check,
  };
}

/** Opens the features and scores every caption with every image, `count` times. */
async function scoringSteps(count: number): Promise<Steps> {
  const { config, weights: stored } = await readModel(job.model);
  const weights = weightsOnDevice(stored);
  const check: number[] = [];
  const seconds: number[] = [];
  const cpu = cpuSeconds();
  for (let step = 0; step < count; step++) {
    const begun = performance.now();
    using set = await openFeatures({ folder: job.scored });
    const index = indexSplit(set, "test");
    const block = scoringBlock(compute, config, longestRows(set, index));
    const options = { set, index, weights, block, xla: true, precision: job.precision };
    const scores = await scoreGrid(compute, config, options);
    seconds.push((performance.now() - begun) / 1000);
    if (step === 0) check.push(...checksOf(scores));
  }
  const cpuOfSteps = cpuSeconds() - cpu;
  for (const tensor of Object.values(weights)) tensor.dispose();
  return { seconds, cpuSeconds: cpuOfSteps, check };
}

/** Mean and spread. */
function checksOf(scores: Float32Array): number[] {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / scores.length)];
}

const steps = job.task === "grid" ? scoringSteps : trainingSteps;
const begun = performance.now();
const { check } = await steps(1);
const first = (performance.now() - begun) / 1000;
if (job.task !== "grid") await steps(12); // a program for each packing is compiled when it is needed
console.log(JSON.stringify({ description: compute.description, check, first }));
for await (const count of input) {
  const { seconds, cpuSeconds } = await steps(Number(count));
  console.log(JSON.stringify({ seconds, cpuSeconds }));
}
Deno.exit(0);

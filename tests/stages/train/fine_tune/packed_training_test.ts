/** A training whose pairs are packed, stopped and resumed. */
import assert from "node:assert/strict";
import { indexSplit } from "../../../../stages/batch/split_index.ts";
import { openFeatures } from "../../../../stages/data/feature_set.ts";
import { fineTune } from "../../../../stages/fine_tune.ts";
import { rowLengths } from "../../../../stages/batch/row_tables.ts";
import { packings } from "../../../../stages/train/fine_tune/packing.ts";
import { makeSmallFeatures, makeSmallModel } from "../../../support/small_training.ts";
import { digestsBelow, type Row, runStage } from "../../../support/stage_context.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const made = temporaryFolder();
const at = (name: string) => `${made.path}/${name}`;
globalThis.addEventListener("unload", () => made[Symbol.dispose]());

await makeSmallFeatures(at);
await lengthenCaptions(`${at("features")}/captions.jsonl`);
await makeSmallModel(at);

const parameters = {
  seed: 1,
  steps: 6,
  anchors: 6,
  negatives: 3,
  hard_negatives: 2,
  micro_steps: 2,
  alignment: "singular",
  warmup: 3,
  xla: false,
};

/** Every tenth caption says everything five times. */
async function lengthenCaptions(file: string): Promise<void> {
  const lines = (await Deno.readTextFile(file)).trim().split("\n").map((line, place) => {
    const caption = JSON.parse(line) as { tokens: number[] };
    const tokens = place % 10 === 0 ? Array(5).fill(caption.tokens).flat() : caption.tokens;
    return JSON.stringify({ ...caption, tokens });
  });
  await Deno.writeTextFile(file, `${lines.join("\n")}\n`);
}

const run = (
  name: string,
  more: { rows?: Map<string, Row[]>; signal?: AbortSignal; onReport?: (done: number) => void },
) =>
  runStage({
    stage: fineTune,
    parameters,
    inputs: { features: at("features"), weights: at("initial") },
    folder: at(name),
    ...more,
  });

Deno.test("a few long captions are packed beside short ones", async () => {
  using set = await openFeatures({ folder: at("features") });
  const index = indexSplit(set, "train");
  const { anchors, negatives, hard_negatives: count, steps, micro_steps } = parameters;
  const microSteps = steps * micro_steps;
  const sizes = { anchors, negatives, hard: { count }, microSteps };
  assert.ok(packings(rowLengths(set, index), index, sizes).length > 0);
});

Deno.test("a training with packed pairs that is stopped and resumed ends with the bits of an unbroken one", async () => {
  const unbroken = await run("unbroken", {});
  const rows = new Map<string, Row[]>();
  for (const last of [2, 4]) {
    const stop = new AbortController();
    const onReport = (done: number) => done >= last && stop.abort(new Error("stopped"));
    await assert.rejects(run("broken", { rows, signal: stop.signal, onReport }), /stopped/);
  }
  assert.deepEqual(await run("broken", { rows }), unbroken);
  assert.deepEqual(await digestsBelow(at("broken")), await digestsBelow(at("unbroken")));
});

import assert from "node:assert/strict";
import { writeSafetensors } from "../../stages/data/safetensors.ts";
import { initialiseModel } from "../../stages/initialise_model.ts";
import { linearBaseline } from "../../stages/linear_baseline.ts";
import { digestsBelow, runStage } from "../support/stage_context.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { testCompute } from "../support/compute.ts";

const [kinds, width] = [6, 12];

/** A picture per pair of things; its caption names the two. Two regions of each add up to the picture. */
async function writeFeatures(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const pairs = Array.from({ length: kinds * kinds }, (_, i) => [i % kinds, Math.floor(i / kinds)]);
  const lines = (file: string, rows: unknown[]) =>
    Deno.writeTextFile(`${folder}/${file}`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  // Every row and column of the table of pairs loses one to the test split.
  const split = ([a, b]: number[]) => (a! + b!) % kinds === 0 ? "test" : "train";
  await lines(
    "images.jsonl",
    pairs.map((pair, i) => ({ id: `p${i}`, split: split(pair), offset: 2 * i, regions: 2 })),
  );
  await lines(
    "captions.jsonl",
    pairs.map(([a, b], i) => ({
      id: `c${i}`,
      image: `p${i}`,
      split: split([a!, b!]),
      text: `${a} ${b}`,
      tokens: [5 + a!, 5 + kinds + b!],
    })),
  );
  await lines("pairs.jsonl", []);
  const vocabulary = { size: 5 + 2 * kinds, pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 };
  await Deno.writeTextFile(`${folder}/vocabulary.json`, JSON.stringify(vocabulary));
  const features = new Float32Array(pairs.length * 2 * width);
  pairs.forEach(([a, b], i) => {
    features[2 * i * width + a!] = 2;
    features[(2 * i + 1) * width + kinds + b!] = 2;
  });
  const tensor = (shape: number[], data: Float32Array) => ({ shape, dtype: "F32" as const, data });
  await writeSafetensors(
    `${folder}/regions.safetensors`,
    new Map([
      ["features", tensor([pairs.length * 2, width], features)],
      ["boxes", tensor([pairs.length * 2, 7], new Float32Array(pairs.length * 14))],
    ]),
  );
}

Deno.test("the baseline finds pairs it never saw from pairs it did, twice with the same bytes", async () => {
  using root = temporaryFolder();
  await testCompute();
  const features = `${root.path}/features`;
  await writeFeatures(features);
  const size = { seed: 1, hidden: 32, layers: 1, heads: 2, initializer_range: 0.3 };
  const text = `${root.path}/text`;
  await runStage({ stage: initialiseModel, parameters: size, inputs: { features }, folder: text });
  const run = (name: string) =>
    runStage({
      stage: linearBaseline,
      parameters: { image_ridge: 0.01, text_ridge: 0.01 },
      inputs: { features, text },
      folder: `${root.path}/${name}`,
    });
  const rows = await run("first");
  const metric = (name: string) =>
    rows.get("metric")!.find((row) => row["name"] === name)!["value"];
  assert.deepEqual([metric("i2t_r1"), metric("t2i_r1")], [1, 1]);
  assert.equal(rows.get("query_rank")!.length, 2 * kinds);
  await run("again");
  assert.deepEqual(
    await digestsBelow(`${root.path}/again`),
    await digestsBelow(`${root.path}/first`),
  );
});

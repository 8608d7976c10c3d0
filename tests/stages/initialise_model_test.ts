import assert from "node:assert/strict";
import * as v from "valibot";
import type { Complaint } from "../../pipeline/contract/complaint.ts";
import { silentProgress } from "../../pipeline/contract/progress.ts";
import { initialiseModel } from "../../stages/initialise_model.ts";
import { readSafetensors, writeSafetensors } from "../../stages/data/formats/safetensors.ts";
import { readModel } from "../../stages/model/checkpoint/model_artifact.ts";
import { parameterTable } from "../../stages/model/parameters.ts";
import { configurationFor } from "../../stages/train/initialise/run.ts";
import { runStage } from "../support/stage_context.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const parse = (given: Record<string, unknown>) => v.safeParse(initialiseModel.parameters, given);

Deno.test("initialise_model requires a seed and has default sizes", () => {
  const { output } = parse({ seed: 3 });
  assert.deepEqual(output, {
    seed: 3,
    hidden: 128,
    layers: 4,
    heads: 4,
    dropout: 0.1,
    initializer_range: 0.02,
  });
  assert.equal(parse({}).success, false);
  assert.equal(parse({ seed: 3, layer: 4 }).success, false);
});

Deno.test("heads that do not divide hidden are refused at `heads`", () => {
  const { issues } = parse({ seed: 3, hidden: 100, heads: 7 });
  assert.equal(issues?.length, 1);
  assert.equal(v.getDotPath(issues![0]), "heads");
  assert.equal(issues![0].input, 7);
  assert.equal(issues![0].message, "use a number that divides `hidden` (100)");
});

Deno.test("the data determines the vocabulary, the positions and the width of the features", () => {
  const tokens = [[5, 6], [5, 6, 7, 8, 9], [5]];
  const captions = tokens.map((tokens, at) => ({
    id: `${at}`,
    image: 0,
    split: "train",
    text: "",
    tokens,
    phrases: [],
  }));
  const config = configurationFor(
    { seed: 1, hidden: 26, layers: 3, heads: 2, dropout: 0.2, initializer_range: 0.05 },
    { captions, vocabulary: { size: 31, pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 }, featureDim: 17 },
  );
  assert.equal(config.vocab_size, 31);
  assert.equal(config.max_position_embeddings, 7);
  assert.equal(config.img_dim, 17);
  assert.equal(config.intermediate_size, 104);
  assert.equal(config.hidden_dropout_prob, 0.2);
});

Deno.test("the same seed writes the same bytes, another seed different weights", async () => {
  const root = await Deno.makeTempDir();
  try {
    const features = await writeFeatures(`${root}/features`);
    const write = async (name: string, seed: number) => {
      const folder = `${root}/${name}`;
      await Deno.mkdir(folder);
      await initialiseModel.run({
        parameters: parse({ seed, hidden: 26, layers: 1, heads: 2 }).output,
        inputs: { features: { folder: features, key: "0", files: {} } },
        files: {},
        folder,
        resumeFolder: folder,
        record: { row() {}, measurement() {}, metric() {}, retain() {} },
        progress: silentProgress,
        threads: 1,
        signal: new AbortController().signal,
      });
      return await Deno.readFile(`${folder}/model.safetensors`);
    };
    const first = await write("first", 1);
    assert.deepEqual(await write("again", 1), first);
    assert.notDeepEqual(await write("other", 2), first);

    const { config, weights } = await readModel(`${root}/first`);
    for (const { name, shape } of parameterTable(config)) {
      if (!name.startsWith("rank_output")) assert.deepEqual(weights[name]?.shape, shape, name);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("weights that are not finite are refused, and the error names the tensor and the file", async () => {
  using folder = temporaryFolder();
  const features = await writeFeatures(`${folder.path}/features`);
  const start = { seed: 1, hidden: 26, layers: 1, heads: 2 };
  const made = { stage: initialiseModel, parameters: start, folder: `${folder.path}/made` };
  await runStage({ ...made, inputs: { features } });
  const file = `${folder.path}/damaged.safetensors`;
  const config = `${made.folder}/config.json`;
  const tensors = await readSafetensors(`${made.folder}/model.safetensors`);
  const name = "uniter.encoder.layer.0.attention.self.key.bias";
  (tensors.get(name)!.data as Float32Array)[3] = NaN;
  await writeSafetensors(file, tensors);
  const bert = new Map([...tensors].map(([name, tensor]) => [name.replace("uniter.", ""), tensor]));
  const bertFile = `${folder.path}/bert.safetensors`;
  await writeSafetensors(bertFile, bert);
  for (
    const [parameters, files, place] of [
      [{ checkpoint: file, heads: 2 }, { checkpoint: file }, file],
      [{ bert: bertFile, config }, { bert: bertFile, config }, bertFile],
    ] as const
  ) {
    const taken = { ...made, parameters: { seed: 1, ...parameters }, files };
    await assert.rejects(
      runStage({ ...taken, inputs: { features }, folder: `${folder.path}/taken` }),
      (error: Complaint) => {
        assert.equal(error.what, `the checkpoint does not fit: tensor \`${name}\` contains NaN`);
        assert.equal(error.options.place?.file, place);
        return true;
      },
    );
  }
});

/** One image with 2 regions and one caption. */
async function writeFeatures(folder: string): Promise<string> {
  await Deno.mkdir(folder);
  const lines = (file: string, rows: unknown[]) =>
    Deno.writeTextFile(`${folder}/${file}`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await lines("images.jsonl", [{ id: "a", split: "train", offset: 0, regions: 2 }]);
  await lines("captions.jsonl", [
    { id: "a0", image: "a", split: "train", text: "one two", tokens: [5, 6], phrases: [] },
  ]);
  await lines("pairs.jsonl", []);
  const vocabulary = { size: 31, pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 };
  await Deno.writeTextFile(`${folder}/vocabulary.json`, JSON.stringify(vocabulary));
  await writeSafetensors(
    `${folder}/regions.safetensors`,
    new Map([
      ["features", { shape: [2, 17], dtype: "F32" as const, data: new Float32Array(34) }],
      ["boxes", { shape: [2, 7], dtype: "F32" as const, data: new Float32Array(14) }],
    ]),
  );
  return folder;
}

Deno.test("a model has one start, and parameters that it determines are refused", () => {
  const wrong = (given: Record<string, unknown>) => {
    const { issues = [] } = parse({ seed: 1, ...given });
    return issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
  };
  assert.deepEqual(wrong({ pretrained: "minilm" }), []);
  assert.deepEqual(wrong({ bert: "a.safetensors", config: "config.json", dropout: 0.2 }), []);
  assert.deepEqual(wrong({ pretrained: "minilm", checkpoint: "uniter.pt" }), [
    "pretrained: remove it, or `checkpoint`: a model has only one origin",
  ]);
  assert.deepEqual(wrong({ pretrained: "minilm", hidden: 384 }), [
    "hidden: remove it: the text model determines it",
  ]);
  assert.deepEqual(wrong({ pretrained: "minilm", config: "c.json" }), [
    "config: remove it: the package contains its own",
  ]);
  assert.deepEqual(wrong({ bert: "a.safetensors" }), [
    "config: set it to the config.json of `bert`",
  ]);
});

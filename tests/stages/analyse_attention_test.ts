/** Relation distances of a small model, against the same formulas on the host, pair by pair. */
import * as tf from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import * as v from "valibot";
import { analyseAttention } from "../../stages/analyse_attention.ts";
import { type FeatureSet, openFeatures } from "../../stages/data/feature_set.ts";
import { annotatedDistance } from "../../stages/metric/annotated_relations.ts";
import {
  selfAttentionDistance,
  type SquareMatrix,
} from "../../stages/metric/self_attention_distance.ts";
import { embedImage, embedText } from "../../stages/model/embeddings.ts";
import { readModel } from "../../stages/model/checkpoint/model_artifact.ts";
import { encodePairs } from "../../stages/model/uniter.ts";
import { weightsOnDevice } from "../../stages/model/weights.ts";
import { measuredAlignments } from "../../stages/objective/measured_names.ts";
import { attentionBlocks } from "../../stages/objective/self_attention.ts";
import {
  annotatedCaptions,
  annotatedConfiguration,
  writeAnnotatedFeatures,
  writeAnnotatedModel,
  writeEntities,
} from "../support/annotated_features.ts";
import type { AttentionSample } from "../../stages/analyse/attention_samples.ts";
import { testCompute } from "../support/compute.ts";
import { type Row, runStage } from "../support/stage_context.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

await testCompute();

interface Setting {
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly phrases?: boolean;
  readonly texts?: boolean;
  readonly families?: boolean;
  /** Whether the model's attention is uniform. */
  readonly uniform?: boolean;
  readonly change?: (features: string) => void;
}

/** Runs the stage on the small data below a folder. */
async function analyse(
  path: string,
  { parameters = {}, phrases = true, change = () => {}, ...made }: Setting = {},
) {
  const { texts = true, families = false, uniform = false } = made;
  await writeAnnotatedFeatures(`${path}/features`, { phrases, texts, families });
  await writeAnnotatedModel(`${path}/model`, { uniform });
  change(`${path}/features`);
  const said: string[] = [];
  const rows = await runStage({
    stage: analyseAttention,
    parameters: { xla: false, ...parameters },
    inputs: { model: `${path}/model`, features: `${path}/features` },
    folder: `${path}/relations`,
    onSay: (line) => said.push(line),
  });
  return {
    said,
    rows: rows.get("relation_distance")! as (Row & Distance)[],
    metrics: Object.fromEntries(rows.get("metric")!.map(({ name, value }) => [name, value])),
  };
}

interface Distance {
  readonly text: string;
  readonly layer: number;
  readonly alignment: string;
  readonly isd_text: number;
  readonly isd_image: number;
  readonly isda: number | null;
  readonly objects: number;
  readonly entropy_text: number;
  readonly entropy_image: number;
  readonly entropy_cross: number;
  readonly wrong_image: string | null;
  readonly isd_text_wrong: number | null;
  readonly isd_image_wrong: number | null;
}

const near = (actual: number | null, expected: number, within = 2e-5) =>
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= within * Math.max(1, Math.abs(expected)),
    `${actual}, expected ${expected}`,
  );

/** The four blocks of a caption and an image, by default its own, eagerly and without padding. */
function blocksOf(
  path: string,
  set: FeatureSet,
  caption: number,
  layer: number,
  image = set.captions[caption]!.image,
) {
  return readModel(`${path}/model`).then(({ config, weights: stored }) => {
    const weights = weightsOnDevice(stored);
    try {
      return tf.tidy(() => {
        const { tokens } = set.captions[caption]!;
        const { cls, sep } = set.vocabulary;
        const ids = [cls, ...tokens, sep];
        const read = set.regions.read(image);
        const { regions } = set.images[image]!;
        const masks = { wordMask: tf.ones([1, ids.length]), regionMask: tf.ones([1, regions]) };
        const { entering } = encodePairs(weights, config, {
          textEmbedding: embedText(weights, config, tf.tensor2d([ids], undefined, "int32")),
          imageEmbedding: embedImage(weights, config, {
            features: tf.tensor3d(read.features, [1, regions, config.img_dim]),
            boxes: tf.tensor3d(read.boxes, [1, regions, 7]),
          }),
          ...masks,
        }, { keep: "all" });
        const blocks = attentionBlocks(weights, config, entering[layer]!, masks, { layer });
        const values = (block: tf.Tensor) => (block.arraySync() as number[][][])[0]!;
        return {
          words: values(blocks.tokenToToken as tf.Tensor),
          regions: values(blocks.regionToRegion as tf.Tensor),
          there: values(blocks.tokenToRegion as tf.Tensor),
          back: values(blocks.regionToToken as tf.Tensor),
        };
      });
    } finally {
      tf.dispose(weights);
    }
  });
}

const square = (rows: number[][]): SquareMatrix => ({ size: rows.length, values: rows.flat() });
const softmax = (row: number[]) => {
  const powers = row.map(Math.exp);
  return powers.map((power) => power / powers.reduce((sum, x) => sum + x, 0));
};
/** Argmax, transport. */
const carried = (other: number[][], map: number[][]) => {
  const best = map.map((row) => row.indexOf(Math.max(...row)));
  return best.map((from) => best.map((to) => other[from]![to]!));
};
/** The same with row softmax. */
const singular = (own: number[][], other: number[][], map: number[][]) =>
  selfAttentionDistance(square(carried(other, map).map(softmax)), square(own));
/** The mean over rows of H / log n. */
const entropyOf = (rows: number[][]) =>
  rows[0]!.length === 1
    ? 1
    : rows.reduce((sum, row) => sum - row.reduce((all, p) => all + p * Math.log(p), 0), 0) /
      rows.length / Math.log(rows[0]!.length);
/** m-KL with 1e-6 within the second logarithm. */
const withEps = (mirrored: number[][], own: number[][]) => {
  const kl = (p: number, q: number) => p * (Math.log(p) - Math.log(q + 1e-6));
  const rows = own.map((row, from) =>
    row.reduce((sum, q, to) => sum + kl(mirrored[from]![to]!, q) + kl(q, mirrored[from]![to]!), 0)
  );
  return rows.reduce((sum, x) => sum + x, 0) / rows.length;
};
/** Argmax, transport, rows divided by their sum. */
const singularSum = (own: number[][], other: number[][], map: number[][]) => {
  const shares = carried(other, map).map((row) => {
    const sum = row.reduce((all, x) => all + x, 0);
    return row.map((x) => x / sum);
  });
  return withEps(shares, own);
};
/** Round trip. */
const distributed = (own: number[][], there: number[][], back: number[][]) =>
  withEps(
    there.map((row) =>
      own.map((_, to) => row.reduce((all, weight, via) => all + weight * back[via]![to]!, 0))
    ),
    own,
  );

Deno.test("distances follow the formulas for every pair and layer, padded or not", async () => {
  using folder = temporaryFolder();
  const { rows, metrics } = await analyse(folder.path, {
    parameters: { layers: "all", block: 3, xla: true },
  });
  assert.equal(rows.length, annotatedCaptions.length * 3 * measuredAlignments.length);
  using set = await openFeatures({ folder: `${folder.path}/features` });
  for (let caption = 0; caption < annotatedCaptions.length; caption++) {
    for (const layer of [0, 1, 2]) {
      const { words, regions, there, back } = await blocksOf(folder.path, set, caption, layer);
      const row = (name: string) =>
        rows.find(({ text, alignment, ...one }) =>
          text === set.captions[caption]!.id && one.layer === layer && alignment === name
        )!;
      near(row("singular").isd_text, singular(words, regions, there));
      near(row("singular").isd_image, singular(regions, words, back));
      near(row("distributed").isd_text, distributed(words, there, back), 1e-4);
      near(row("distributed").isd_image, distributed(regions, back, there), 1e-4);
      near(row("singular_sum").isd_text, singularSum(words, regions, there), 1e-4);
      near(row("singular_sum").isd_image, singularSum(regions, words, back), 1e-4);
      for (const { entropy_text, entropy_image, entropy_cross } of [row("singular")]) {
        near(entropy_text, entropyOf(words));
        near(entropy_image, entropyOf(regions));
        near(entropy_cross, entropyOf(there));
      }
    }
  }
  const sums = rows.filter(({ alignment, layer }) => alignment === "singular" && layer === 2)
    .map(({ isd_text }) => isd_text);
  near(metrics["isd_text_singular"] as number, sums.reduce((sum, x) => sum + x, 0) / sums.length);
  assert.equal(metrics["measured_pairs"], 5);
});

Deno.test("each caption is measured with a wrong picture of its family, too, and the means are compared", async () => {
  using folder = temporaryFolder();
  const { rows, metrics } = await analyse(folder.path, {
    families: true,
    parameters: { layers: "all", block: 3, alignments: ["singular", "distributed"] },
  });
  using set = await openFeatures({ folder: `${folder.path}/features` });
  const wrongOf: Record<string, string> = {
    "flickr30k_000000000012.npz": "flickr30k_102.npz",
    "flickr30k_34.npz": "flickr30k_104.npz",
  };
  const relative: Record<string, [own: number, wrong: number][]> = {};
  for (const row of rows) {
    const caption = set.captions.findIndex(({ id }) => id === row.text);
    const wrong = wrongOf[set.images[set.captions[caption]!.image]!.id];
    assert.equal(row.wrong_image, wrong ?? null);
    if (wrong === undefined) {
      assert.deepEqual([row.isd_text_wrong, row.isd_image_wrong], [null, null]);
      continue;
    }
    const image = set.images.findIndex(({ id }) => id === wrong);
    const { words, regions, there, back } = await blocksOf(
      folder.path,
      set,
      caption,
      row.layer,
      image,
    );
    const published = row.alignment === "singular";
    near(
      row.isd_text_wrong,
      published ? singular(words, regions, there) : distributed(words, there, back),
      1e-4,
    );
    near(
      row.isd_image_wrong,
      published ? singular(regions, words, back) : distributed(regions, back, there),
      1e-4,
    );
    if (row.layer < 2) continue;
    (relative[`text_${row.alignment}`] ??= []).push([row.isd_text, row.isd_text_wrong!]);
    (relative[`image_${row.alignment}`] ??= []).push([row.isd_image, row.isd_image_wrong!]);
  }
  assert.equal(Object.keys(relative).length, 4);
  for (const [name, pairs] of Object.entries(relative)) {
    assert.equal(pairs.length, 4, "of five captions");
    const mean = (at: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[at], 0) / pairs.length;
    near(
      metrics[`relative_isd_${name}`] as number,
      (Math.max(0, mean(0)) + 1e-5) / (Math.max(0, mean(1)) + 1e-5),
      1e-9,
    );
  }
  const lines = Deno.readTextFileSync(`${folder.path}/relations/relations.jsonl`).trimEnd()
    .split("\n").map((line) => JSON.parse(line));
  const last = lines.filter(({ layer, name }) => layer === 2 && name in metrics);
  assert.equal(last.length, 12, "isda, 3 entropies, 4 distances, 4 relative ones");
  for (const { name, mean } of last) assert.equal(mean, metrics[name]);
});

Deno.test("uniform attention has entropy 1, and every relative distance is 1", async () => {
  using folder = temporaryFolder();
  const { metrics } = await analyse(folder.path, { families: true, uniform: true });
  const names = Object.keys(metrics).filter((name) => /^(entropy|relative_isd)_/.test(name));
  assert.equal(names.length, 3 + 2 * measuredAlignments.length);
  for (const name of names) {
    // Distances are rounding errors: with p = 1/n, n terms p (log p - log q) of either sign, whose
    // logarithms are within 2^-22 of each other. Relative to 1e-5 that is 0.05.
    near(metrics[name] as number, 1, name.startsWith("entropy") ? 1e-6 : 0.05);
  }
});

Deno.test("the attention of the same few pairs is kept completely, with the matrices it is compared with", async () => {
  using folder = temporaryFolder();
  const { rows } = await analyse(folder.path, {
    parameters: { samples: 2, layers: "all", alignments: ["singular", "distributed"] },
  });
  const lines = Deno.readTextFileSync(`${folder.path}/relations/attention_samples.jsonl`)
    .trimEnd().split("\n").map((line): AttentionSample => JSON.parse(line));
  using set = await openFeatures({ folder: `${folder.path}/features` });
  // Two objects at least, and each image once: captions 0 and 2.
  assert.deepEqual(lines.map(({ text }) => text), ["c_0_0", "c_0_2"]);
  assert.deepEqual(lines[0]!.words.slice(0, 4), ["a", "man", "with", "a"]);
  assert.equal(lines[0]!.boxes.length, 3);
  const close = (actual: readonly (readonly number[])[], expected: number[][]) =>
    expected.forEach((row, at) => row.forEach((value, to) => near(actual[at]![to]!, value, 1e-4)));
  for (const { text, layers } of lines) {
    assert.equal(layers.length, 3);
    for (const { layer, alignments, ...kept } of layers) {
      const caption = set.captions.findIndex(({ id }) => id === text);
      const { words, regions, there, back } = await blocksOf(folder.path, set, caption, layer);
      close(kept.wordToWord, words);
      close(kept.regionToRegion, regions);
      close(kept.wordToRegion, there);
      close(kept.regionToWord, back);
      const [singular, distributed] = alignments;
      const best = there.map((row) => row.indexOf(Math.max(...row)));
      close(
        singular!.aligned,
        best.map((from) => softmax(best.map((to) => regions[from]![to]!))),
      );
      close(
        distributed!.aligned,
        there.map((row) =>
          words.map((_, to) => row.reduce((sum, weight, via) => sum + weight * back[via]![to]!, 0))
        ),
      );
      for (const { name, isdText, isdImage } of alignments) {
        const row = rows.find((one) =>
          one.text === text && one.layer === layer && one.alignment === name
        )!;
        near(isdText, row.isd_text, 2e-4);
        near(isdImage, row.isd_image, 2e-4);
        near(kept.isda, row.isda!, 2e-4);
      }
    }
  }
});

Deno.test("the pairs that are named are kept, and an unknown one is an error before anything is measured", async () => {
  using folder = temporaryFolder();
  const named = { layers: "all", alignments: ["singular"], samples: ["c_1_3", "c_1_1"] };
  await analyse(folder.path, { parameters: named });
  const lines = Deno.readTextFileSync(`${folder.path}/relations/attention_samples.jsonl`)
    .trimEnd().split("\n").map((line): AttentionSample => JSON.parse(line));
  assert.deepEqual(lines.map(({ text }) => text), ["c_1_3", "c_1_1"]);
  using other = temporaryFolder();
  const unknown = analyse(other.path, { parameters: { ...named, samples: ["c_1_1", "c_0_"] } });
  await assert.rejects(
    unknown,
    /^error: `samples` names the caption `c_0_`, which is not one of the 5 that are measured\nfix: did you mean `c_0_0`/,
  );
  const parse = (samples: unknown) =>
    v.safeParse(analyseAttention.parameters, { samples }).output?.samples;
  assert.deepEqual(parse([12, "a"]), ["12", "a"]);
  assert.ok(!v.safeParse(analyseAttention.parameters, { samples: ["a", "a"] }).success);
});

Deno.test("annotated distances are those of the phrases' words and regions", async () => {
  using folder = temporaryFolder();
  const { rows, metrics } = await analyse(folder.path, {
    parameters: { alignments: ["singular"] },
  });
  assert.deepEqual(rows.map(({ objects }) => objects), [3, 2, 2, 1, 1]);
  assert.equal(metrics["annotated_pairs"], 3);
  using set = await openFeatures({ folder: `${folder.path}/features` });
  const { words, regions } = await blocksOf(folder.path, set, 2, 2);
  // "two cars by a tree and they shine": cars (and they) are region 3, the tree is region 0.
  const objects = [{ tokens: [0, 1, 6], regions: [3] }, { tokens: [3, 4], regions: [0] }];
  const own = { tokens: square(words), regions: square(regions) };
  near(rows[2]!.isda, annotatedDistance(own, objects)!);
  assert.deepEqual(rows.slice(3).map(({ isda }) => isda), [null, null]);
  const all = rows.flatMap(({ isda }) => isda ?? []);
  near(metrics["isda"] as number, all.reduce((sum, x) => sum + x, 0) / 3, 1e-12);
  // With several layers, metrics are those of the last.
  using other = temporaryFolder();
  const several = await analyse(other.path, {
    parameters: { alignments: ["singular"], layers: "all" },
  });
  assert.equal(several.rows.length, 3 * rows.length);
  for (const name of ["isda", "isd_text_singular", "isd_image_singular", "annotated_pairs"]) {
    assert.equal(several.metrics[name], metrics[name], name);
  }
});

Deno.test("Flickr30k Entities gives the same objects as phrases of the captions, with or without their text", async () => {
  using folder = temporaryFolder();
  writeEntities(`${folder.path}/entities`);
  const alignments = ["distributed"];
  const known = await analyse(`${folder.path}/a`, { parameters: { alignments } });
  for (const texts of [true, false]) {
    const { rows, said } = await analyse(`${folder.path}/${texts}`, {
      phrases: false,
      texts,
      parameters: { alignments, entities: `${folder.path}/entities` },
    });
    assert.deepEqual(rows, known.rows);
    assert.equal(
      said[0],
      "Flickr30k Entities annotates 3 of 5 captions; " +
        "left out: 2 with fewer than two objects that a region shows",
    );
  }
});

Deno.test("captions that Entities does not have are reported, and have no annotated distance", async () => {
  using folder = temporaryFolder();
  const entities = `${folder.path}/entities`;
  writeEntities(entities, { without: ["flickr30k_5.npz"] });
  const file = `${entities}/Sentences/12.txt`;
  Deno.writeTextFileSync(file, Deno.readTextFileSync(file).replace("sees", "saw"));
  const { rows, said, metrics } = await analyse(folder.path, {
    phrases: false,
    parameters: { alignments: ["congruence"], entities },
  });
  assert.equal(
    said[0],
    "Flickr30k Entities annotates 2 of 5 captions; left out: 1 of images without annotations, " +
      "1 that match no sentence of their image, 1 with fewer than two objects that a region shows",
  );
  assert.deepEqual(rows.map(({ isda }) => isda === null), [true, false, false, true, true]);
  assert.equal(metrics["annotated_pairs"], 2);
});

Deno.test("without annotations the distances are the same, and there are no annotated ones", async () => {
  using folder = temporaryFolder();
  const known = await analyse(`${folder.path}/known`);
  const { rows, metrics, said } = await analyse(`${folder.path}/none`, { phrases: false });
  assert.deepEqual(rows, known.rows.map((row) => ({ ...row, isda: null, objects: 0 })));
  assert.deepEqual([metrics["annotated_pairs"], metrics["isda"]], [0, undefined]);
  assert.equal(said.length, 1);
});

Deno.test("topk with k = 1 is the singular alignment where it transports", async () => {
  using folder = temporaryFolder();
  const { rows } = await analyse(folder.path, {
    parameters: { k: 1, alignments: ["singular", "topk_transport"], limit: 3 },
  });
  assert.equal(rows.length, 6);
  for (let at = 0; at < 6; at += 2) {
    assert.equal(rows[at]!.isd_text, rows[at + 1]!.isd_text);
    assert.equal(rows[at]!.isd_image, rows[at + 1]!.isd_image);
  }
});

Deno.test("every distance is at least 0; distances of each head differ from those of their mean", async () => {
  using folder = temporaryFolder();
  const mean = await analyse(`${folder.path}/mean`);
  const each = await analyse(`${folder.path}/each`, { parameters: { heads: "each" } });
  assert.equal(annotatedConfiguration.num_attention_heads, 3);
  for (const { rows } of [mean, each]) {
    for (const { isd_text, isd_image, isda } of rows) {
      // 1e-6 within a logarithm may take a little off 0.
      for (const value of [isd_text, isd_image, isda ?? 0]) assert.ok(value >= -1e-4);
    }
  }
  mean.rows.slice(0, 9).forEach(({ isd_text, isda }, at) => {
    assert.notEqual(each.rows[at]!.isd_text, isd_text);
    assert.notEqual(each.rows[at]!.isda, isda);
  });
});

Deno.test("errors name what does not fit: layers, splits, a missing vocabulary, phrases out of range", async () => {
  using folder = temporaryFolder();
  writeEntities(`${folder.path}/entities`);
  const wrong: [Setting, RegExp][] = [
    [{ parameters: { layers: 3 } }, /`layers` has layer 3, but the model has only 3/],
    [{ parameters: { split: "train" } }, /split `train` has 0 images/],
    [
      {
        parameters: { entities: `${folder.path}/entities` },
        change: (features) => Deno.removeSync(`${features}/tokenizer.json`),
      },
      /do not say how their captions were tokenized[^]*set `vocabulary` to the vocab.txt/,
    ],
    [
      {
        change(features) {
          const file = `${features}/captions.jsonl`;
          Deno.writeTextFileSync(
            file,
            Deno.readTextFileSync(file).replace('"region":1', '"region":3'),
          );
        },
      },
      /`c_0_0` has a phrase outside its 8 word pieces or its image's 3 regions/,
    ],
  ];
  for (const [place, [setting, message]] of wrong.entries()) {
    await assert.rejects(analyse(`${folder.path}/${place}`, setting), (error: Error) => {
      assert.match(error.toString(), message);
      return true;
    });
  }
});

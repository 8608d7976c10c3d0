/** Published data taken over where it lies: the release's small set, and raw captions over .npz files. */
import assert from "node:assert/strict";
import { openFeatures } from "../../stages/data/feature_set.ts";
import { openImageDatabase } from "../../stages/data/databases/open_image_database.ts";
import { openTextDatabase } from "../../stages/data/databases/text_database.ts";
import { initialiseModel } from "../../stages/initialise_model.ts";
import { readModel } from "../../stages/model/checkpoint/model_artifact.ts";
import { publishedFeatures } from "../../stages/published_features.ts";
import { goldenFile, goldenJson } from "../support/goldens.ts";
import { floats, halves, npz } from "../support/numpy_files.ts";
import { runStage } from "../support/stage_context.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const { paths } = goldenJson("expected.json").meta as { paths: Record<string, string> };
/** `txt_db/itm_toy_test.db` -> `toy` */
const dataset = /itm_(.+)_test\.db$/.exec(paths["test_txt"]!)![1]!;
const root = goldenFile(".");
const parameters = { root, dataset, splits: ["train", "test"] };

/** Runs the stage and opens what it wrote, with the places of its files. */
async function importFeatures(folder: string, given: Record<string, unknown>) {
  const files = Object.fromEntries(
    publishedFeatures.outside!({ ...defaults, ...given }).map(({ role, path }) => [role, path]),
  );
  const said: string[] = [];
  await runStage({
    stage: publishedFeatures,
    parameters: given,
    files,
    folder,
    onSay: (line) => said.push(line),
  });
  return { files, said, set: await openFeatures({ folder, files }) };
}
const defaults = {
  format: "lmdb",
  conf_th: 0.2,
  max_bb: 100,
  min_bb: 10,
  num_bb: 36,
  max_text_length: 60,
};

Deno.test("texts keep the order of their database, images have the chosen number of regions", async () => {
  using folder = temporaryFolder();
  const { set, said } = await importFeatures(`${folder.path}/data`, parameters);
  using _open = set;
  using texts = openTextDatabase(goldenFile(paths["test_txt"]!));
  using images = openImageDatabase(goldenFile(paths["test_img"]!), defaults);
  const captions = set.captions.filter(({ split }) => split === "test");
  assert.deepEqual(captions.map(({ id }) => id), texts.ids);
  for (const { id, tokens, image } of captions) {
    const entry = texts.read(id);
    assert.deepEqual(tokens, entry.tokens);
    assert.equal(set.images[image]!.id, entry.image);
  }
  set.images.forEach(({ id, regions }, place) => {
    const { features, boxes, count } = images.read(id);
    assert.equal(regions, count);
    assert.deepEqual(set.regions.read(place), { features, boxes });
  });
  assert.equal(set.featureDim, goldenJson("expected.json").meta.img_dim);
  assert.equal(set.vocabulary.size, texts.vocabularySize);
  assert.deepEqual(said, [`${set.images.length} images, ${set.captions.length} captions`]);
});

Deno.test("captions that are too long are omitted in training and kept in evaluation", async () => {
  using folder = temporaryFolder();
  const { set, said } = await importFeatures(`${folder.path}/data`, {
    ...parameters,
    max_text_length: 5,
  });
  using _open = set;
  const longest = (split: string) =>
    Math.max(
      ...set.captions.filter((caption) => caption.split === split)
        .map(({ tokens }) => tokens.length),
    );
  assert.ok(longest("train") <= 5 && longest("test") > 5);
  assert.match(said[0]!, /; omitted \d+ longer than 5 word pieces$/);
});

/** Two pictures of two regions with 3 numbers, as .npz files; Karpathy's list of their captions. */
function rawData(folder: string, change: (list: RawList) => void = () => {}) {
  Deno.mkdirSync(`${folder}/features`);
  for (
    const [name, first] of [["flickr30k_000000000012.npz", 1], ["flickr30k_34.npz", 2]] as const
  ) {
    Deno.writeFileSync(
      `${folder}/features/${name}`,
      npz({
        features: halves([2, 3], (i) => first + i / 8),
        norm_bb: floats([2, 6], (i) => i / 16),
        conf: halves([2], () => 0.9),
      }),
    );
  }
  const list: RawList = {
    images: [
      { filename: "12.jpg", split: "train", sentences: [{ raw: "A dog's day." }, { raw: "Dogs" }] },
      { filename: "34.jpg", split: "restval", sentences: [{ raw: "a DAY" }] },
      { filename: "56.jpg", split: "val", sentences: [{ raw: "not requested" }] },
    ],
  };
  change(list);
  Deno.writeTextFileSync(`${folder}/captions.json`, JSON.stringify(list));
  const pieces = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "A",
    "a",
    "dog",
    "##s",
    "day",
    "'",
    "s",
    ".",
    "D",
    "##ogs",
  ];
  Deno.writeTextFileSync(`${folder}/vocab.txt`, pieces.map((piece) => `${piece}\n`).join(""));
  return {
    root: folder,
    format: "npz",
    images: "features",
    captions: "captions.json",
    vocabulary: "vocab.txt",
    splits: ["train"],
  };
}
interface RawList {
  images: { filename: string; split: string; sentences: { raw: string }[] }[];
}

Deno.test("raw captions are tokenised with BERT's vocabulary, cased or not, and matched to .npz files by number", async () => {
  using folder = temporaryFolder();
  const given = rawData(folder.path);
  const cased = await importFeatures(`${folder.path}/cased`, given);
  using _cased = cased.set;
  assert.deepEqual(
    cased.set.captions.map(({ id, image, tokens }) => [id, cased.set.images[image]!.id, tokens]),
    [
      ["12.jpg#0", "flickr30k_000000000012.npz", [5, 7, 10, 11, 9, 12]],
      ["12.jpg#1", "flickr30k_000000000012.npz", [13, 14]],
      ["34.jpg#0", "flickr30k_34.npz", [6, 1]],
    ],
  );
  assert.deepEqual(cased.set.images.map(({ split }) => split), ["train", "train"]);
  const uncased = await importFeatures(`${folder.path}/uncased`, { ...given, cased: false });
  using _uncased = uncased.set;
  assert.deepEqual(uncased.set.captions.map(({ tokens }) => tokens), [
    [6, 7, 10, 11, 9, 12],
    [7, 8],
    [6, 9],
  ]);
});

Deno.test("missing features, special tokens and keys of the list each cause one error", async () => {
  const failing = async (prepare: (folder: string) => Record<string, unknown>) => {
    using folder = temporaryFolder();
    const given = prepare(folder.path);
    let message = "";
    await importFeatures(`${folder.path}/out`, given).catch((error) => message = String(error));
    return message.replaceAll(folder.path, "DIR");
  };
  assert.equal(
    await failing((folder) =>
      rawData(
        folder,
        ({ images }) => images.push({ filename: "99.jpg", split: "train", sentences: [] }),
      )
    ),
    "error: the picture 99.jpg has no features\n  --> DIR/captions.json\n" +
      "fix: download the features of all its pictures, or remove the picture from the list",
  );
  assert.match(
    await failing((folder) => {
      const given = rawData(folder);
      Deno.writeTextFileSync(`${folder}/vocab.txt`, "[PAD]\n[UNK]\na\na\n");
      return given;
    }),
    /^error: duplicate piece "a"\n {2}--> DIR\/vocab\.txt:4\nfix: use the vocab\.txt that/,
  );
  assert.match(
    await failing((folder) => {
      const given = rawData(folder);
      Deno.writeTextFileSync(`${folder}/vocab.txt`, "[PAD]\n[UNK]\na\n");
      return given;
    }),
    /^error: the vocabulary is missing \[CLS\], \[SEP\], \[MASK\]\n/,
  );
  assert.match(
    await failing((folder) =>
      rawData(folder, (list) => (list.images[1] as { split?: string }).split = undefined as never)
    ),
    /^error: `images\.1\.split`: /,
  );
});

Deno.test("a picture whose features are missing never gets those of another with its number", async () => {
  using folder = temporaryFolder();
  const given = rawData(folder.path, ({ images }) => {
    images[0]!.filename = "bird_12.jpg";
    images[1]!.filename = "bird_34.jpg";
  });
  const renamed = (from: string, to: string) =>
    Deno.renameSync(`${folder.path}/features/${from}`, `${folder.path}/features/${to}`);
  renamed("flickr30k_000000000012.npz", "cat_12.npz");
  renamed("flickr30k_34.npz", "bird_34.npz");
  await assert.rejects(
    importFeatures(`${folder.path}/out`, given),
    /the picture bird_12\.jpg has no features/,
  );
});

Deno.test("raw captions and their vocabulary may have byte-order marks and any line ends", async () => {
  using folder = temporaryFolder();
  const given = rawData(folder.path);
  const expected = await importFeatures(`${folder.path}/plain`, given);
  using _plain = expected.set;
  const list = JSON.parse(Deno.readTextFileSync(`${folder.path}/captions.json`));
  for (
    const [name, text] of [
      ["captions.json", JSON.stringify(list, null, 2)],
      ["vocab.txt", Deno.readTextFileSync(`${folder.path}/vocab.txt`)],
    ] as const
  ) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, `\ufeff${text.replaceAll("\n", "\r\n")}`);
  }
  const { set } = await importFeatures(`${folder.path}/marked`, given);
  using _open = set;
  assert.deepEqual(set.captions, expected.set.captions);
  assert.deepEqual(set.vocabulary, expected.set.vocabulary);
});

Deno.test("raw captions and vocabularies in Latin-1 are refused with file and line", async () => {
  for (const name of ["captions.json", "vocab.txt"]) {
    using folder = temporaryFolder();
    const given = rawData(folder.path);
    const file = `${folder.path}/${name}`;
    const text = Deno.readTextFileSync(file);
    const latin1 = Uint8Array.from(`\n${text}\n\xe9\n`, (letter) => letter.charCodeAt(0));
    Deno.writeFileSync(file, latin1);
    const line = text.split("\n").length + 2;
    let message = "";
    await importFeatures(`${folder.path}/out`, given).catch((error) => message = String(error));
    assert.equal(
      message,
      `error: the file is not UTF-8\n  --> ${file}:${line}\nfix: save it as UTF-8`,
    );
  }
});

Deno.test("raw captions without a word are refused", async () => {
  for (const raw of ["", " \t", "\u200b", "\u00ad\u200d", "\ufffd"]) {
    using folder = temporaryFolder();
    const given = rawData(folder.path, ({ images }) => images[0]!.sentences[1]!.raw = raw);
    await assert.rejects(importFeatures(`${folder.path}/out`, given), {
      what: "the caption 12.jpg#1 has no word",
    });
  }
});

Deno.test("two pictures that reach the same features are refused", async () => {
  using folder = temporaryFolder();
  const given = rawData(
    folder.path,
    ({ images }) => images.push({ filename: "34.png", split: "train", sentences: [] }),
  );
  await assert.rejects(importFeatures(`${folder.path}/out`, given), {
    what: "`34.jpg` and `34.png` are both `flickr30k_34.npz`",
  });
});

Deno.test("images of a text database are found in a table by their numbers", async () => {
  using folder = temporaryFolder();
  await copyFolder(goldenFile(paths["test_txt"]!), `${folder.path}/txt_db/itm_${dataset}_test.db`);
  using texts = openTextDatabase(goldenFile(paths["test_txt"]!));
  const base64 = (values: readonly number[]) =>
    new Uint8Array(Float32Array.from(values).buffer).toBase64();
  const ids = [...texts.textsOfImage.keys()];
  const lines = ids.map((id, row) =>
    [Number(/\d+(?=\.npz$)/.exec(id)![0]), 10, 10, 1, base64([0, 0, 5, 5]), base64([row, 1])].join(
      "\t",
    )
  );
  Deno.mkdirSync(`${folder.path}/img_db`);
  Deno.writeTextFileSync(`${folder.path}/img_db/${dataset}`, `${lines.join("\n")}\n`);
  const given = { root: folder.path, dataset, splits: ["test"], format: "tsv" };
  const { set } = await importFeatures(`${folder.path}/out`, given);
  using _open = set;
  assert.deepEqual(set.images.map(({ id }) => id), ids);
  set.images.forEach((_, row) =>
    assert.deepEqual(set.regions.read(row).features, Float32Array.of(row, 1))
  );
});

Deno.test("the requested format is read, whatever other files exist", async () => {
  using folder = temporaryFolder();
  await copyFolder(goldenFile(paths["test_txt"]!), `${folder.path}/txt_db/itm_${dataset}_test.db`);
  const images = `${folder.path}/img_db/${dataset}`;
  const lmdb = [...Deno.readDirSync(goldenFile(paths["test_img"]!))]
    .find(({ name }) => name.startsWith("feat_"))!.name;
  await copyFolder(goldenFile(`${paths["test_img"]}/${lmdb}`), `${images}/${lmdb}`);
  Deno.writeFileSync(`${images}/.DS_Store`, new Uint8Array(3));
  const given = { root: folder.path, dataset, splits: ["test"], format: "npz" };
  await assert.rejects(importFeatures(`${folder.path}/out`, given), /no features found/);
  const wanted = publishedFeatures.outside!({ ...defaults, ...given });
  assert.equal(wanted.at(-1)!.ending, ".npz", "and no other file is in the key");
});

Deno.test("a split that is missing from raw captions is reported with the existing ones", async () => {
  using folder = temporaryFolder();
  const given = { ...rawData(folder.path), splits: ["train", "test"] };
  await assert.rejects(
    importFeatures(`${folder.path}/out`, given),
    (error) =>
      /it contains no picture of split test; its splits are train, restval, val\n/.test(
        String(error),
      ),
  );
});

Deno.test("a caption whose image has no features is reported on import", async () => {
  using folder = temporaryFolder();
  const texts = `${folder.path}/txt_db/itm_${dataset}_test.db`;
  await copyFolder(goldenFile(paths["test_txt"]!), texts);
  const images = `${folder.path}/img_db/${dataset}`;
  const given = rawData(folder.path);
  Deno.mkdirSync(`${folder.path}/img_db`);
  Deno.renameSync(`${folder.path}/features`, images);
  let message = "";
  await importFeatures(`${folder.path}/out`, {
    root: folder.path,
    dataset,
    format: given.format,
    splits: ["test"],
  }).catch((error) => message = String(error));
  assert.match(
    message,
    /^error: the image `[^`]+` has captions, but no features\n {2}--> .*\nfix: download the image/,
  );
});

Deno.test("a model is initialised from a checkpoint, with config.json or from the shapes of its tensors", async () => {
  using folder = temporaryFolder();
  const { files, set } = await importFeatures(`${folder.path}/data`, parameters);
  set[Symbol.dispose]();
  const initialise = async (name: string, more: Record<string, string>) => {
    const given = { checkpoint: goldenFile("model_legacy.pt"), ...more };
    await runStage({
      stage: initialiseModel,
      parameters: { seed: 1, ...given },
      inputs: { features: `${folder.path}/data` },
      inputFiles: { features: files },
      files: given,
      folder: `${folder.path}/${name}`,
    });
    return await readModel(`${folder.path}/${name}`);
  };
  const { config, weights } = await initialise("model", { config: goldenFile("config.json") });
  const wanted = JSON.parse(Deno.readTextFileSync(goldenFile("config.json")));
  for (const [key, value] of Object.entries(wanted)) {
    assert.equal((config as Record<string, unknown>)[key], value, key);
  }
  const keys = goldenJson("model_keys.json") as Record<string, number[]>;
  for (const [name, shape] of Object.entries(keys)) {
    assert.deepEqual(weights[name]!.shape, shape, name);
  }
  await assert.rejects(
    initialise("derived", {}),
    /heads/,
    "a hidden size that is not a multiple of 64 has no default number of heads",
  );
});

async function copyFolder(from: string, to: string): Promise<void> {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isFile } of Deno.readDirSync(from)) {
    if (isFile) await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

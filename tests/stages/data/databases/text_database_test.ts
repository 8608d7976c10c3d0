import { encode } from "@msgpack/msgpack";
import { compressFrameSync } from "lz4-napi";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { wrongIn } from "../../../../stages/data/formats/foreign_file.ts";
import {
  openTextDatabase,
  readTextEntry,
} from "../../../../stages/data/databases/text_database.ts";
import { goldenFile, goldenForward, goldenJson } from "../../../support/goldens.ts";
import { writeLmdb } from "../../../../stages/data/formats/lmdb_writer.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const databases = ["test", "train"].map((split) => goldenFile(`txt_db/itm_toy_${split}.db`));

Deno.test("every text of the release's databases is read", () => {
  for (const folder of databases) {
    using texts = openTextDatabase(folder);
    assert.ok(texts.ids.length >= 50);
    for (const id of texts.ids) {
      const { tokens, image, text } = texts.read(id);
      assert.equal(tokens.length, texts.length(id));
      assert.ok(texts.textsOfImage.get(image)!.includes(id));
      assert.notEqual(text, "");
    }
  }
});

Deno.test("a text's tokens are those between [CLS] and [SEP] in the release's forward pass", () => {
  using texts = openTextDatabase(databases[0]!);
  const pairs = goldenJson("expected.json").forward_debug as { txt_id: string }[];
  const { cls, sep } = texts.special;
  for (const [index, { array }] of goldenForward().entries()) {
    const { tokens } = texts.read(pairs[index]!.txt_id);
    assert.deepEqual([...array("input_ids").values], [cls, ...tokens, sep]);
  }
});

interface Parts {
  readonly meta: Record<string, unknown>;
  /** As text, because the order of its keys matters. */
  readonly lengths: string;
  readonly images: Record<string, unknown>;
  readonly texts: Record<string, unknown>;
  readonly entries: Record<string, unknown>;
}

const two: Parts = {
  meta: { UNK: 1, CLS: 2, SEP: 3, MASK: 4, v_range: [5, 20] },
  lengths: '{"10": 2, "9": 1}',
  images: { "10": "a.npz", "9": "b.npz" },
  texts: { "b.npz": ["9"], "a.npz": ["10"] },
  entries: {
    "10": { input_ids: [5, 19], img_fname: "a.npz", sentence: "two dogs" },
    "9": { input_ids: [7], img_fname: "b.npz" },
  },
};

function write(folder: string, parts: Parts) {
  const files = {
    meta: JSON.stringify(parts.meta),
    id2len: parts.lengths,
    txt2img: JSON.stringify(parts.images),
    img2txts: JSON.stringify(parts.texts),
  };
  const keys = Object.keys(parts.entries).sort();
  const frame = (value: unknown) => compressFrameSync(Buffer.from(encode(value)));
  writeLmdb(folder, keys.map((key) => [key, frame(parts.entries[key])] as const));
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${folder}/${name}.json`, text);
  }
}

Deno.test("texts keep the order of the file, even if ids look like numbers", () => {
  using folder = temporaryFolder();
  write(folder.path, two);
  using texts = openTextDatabase(folder.path);
  assert.deepEqual(texts.ids, ["10", "9"]);
  assert.deepEqual([...texts.textsOfImage], [["b.npz", ["9"]], ["a.npz", ["10"]]]);
  assert.deepEqual(texts.special, { cls: 2, sep: 3, mask: 4, unk: 1 });
  assert.equal(texts.vocabularySize, 20);
  assert.deepEqual(texts.read("10"), {
    id: "10",
    image: "a.npz",
    tokens: [5, 19],
    text: "two dogs",
  });
  assert.equal(texts.read("9").text, "");
  assert.throws(() => texts.read("8"), /text "8" not found/);
  assert.throws(() => texts.length("8"), /text "8" not found/);
});

Deno.test("inconsistent files are refused with the name of the wrong file", () => {
  using folder = temporaryFolder();
  const wrong: [Partial<Parts>, string, string][] = [
    [{ meta: { ...two.meta, v_range: [5] } }, "meta", "`v_range` is not a range [start, end]"],
    [
      { meta: { ...two.meta, SEP: 20 } },
      "meta",
      "`SEP` is 20, which is not in the vocabulary of 20 tokens",
    ],
    [{ lengths: '{"10": 2, "10": 1}' }, "id2len", 'duplicate key "10"'],
    [{ lengths: '{"10": -1, "9": 1}' }, "id2len", 'entry "10": -1 is not a number of tokens'],
    [{ lengths: '{"10": 0, "9": 1}' }, "id2len", 'entry "10": the caption has no word'],
    [{ lengths: '{"10": 2}' }, "img2txts", 'text "9" of image "b.npz" is missing from id2len.json'],
    [{ texts: { "b.npz": ["9"] } }, "img2txts", '"10" of id2len.json is not listed for any image'],
    [
      { texts: { "b.npz": ["9", "10"] } },
      "img2txts",
      'image "b.npz", but txt2img.json says "a.npz"',
    ],
    [{ texts: { ...two.texts, "b.npz": ["9", "9"] } }, "img2txts", '"9" is listed twice'],
    [{ texts: { ...two.texts, "b.npz": "9" } }, "img2txts", 'entry "b.npz": "9" is not a list'],
    [{ images: { "10": "a.npz", "9": 5 } }, "txt2img", 'entry "9": 5 is not an image name'],
  ];
  for (const [parts, file, what] of wrong) {
    write(folder.path, { ...two, ...parts });
    assert.throws(() => openTextDatabase(folder.path), (error: Complaint) => {
      assert.ok(error instanceof Complaint);
      assert.equal(error.options.place?.file, `${folder.path}/${file}.json`);
      assert.ok(error.what.includes(what), error.what);
      return true;
    });
  }
  Deno.removeSync(`${folder.path}/meta.json`);
  assert.throws(() => openTextDatabase(folder.path), /the file cannot be read/);
});

Deno.test("an entry that contradicts the JSON files is refused with its id", () => {
  using folder = temporaryFolder();
  const image = { img_fname: "a.npz" };
  const wrong: [unknown, string][] = [
    [{ ...image, input_ids: [5] }, "it has 1 tokens, id2len.json says 2"],
    [{ ...image, input_ids: [5, 20] }, "token 20 is outside the vocabulary of 20"],
    [{ ...image, input_ids: [5, -1] }, "token -1 is outside the vocabulary of 20"],
    [{ img_fname: "b.npz", input_ids: [5, 6] }, 'its image is "b.npz", txt2img.json says "a.npz"'],
    [image, "it has no list `input_ids`"],
    [[1], "this is not a msgpack map"],
  ];
  for (const [entry, what] of wrong) {
    write(folder.path, { ...two, entries: { ...two.entries, "10": entry } });
    using texts = openTextDatabase(folder.path);
    assert.throws(() => texts.read("10"), (error: Complaint) => {
      assert.equal(
        error.toString(),
        `error: entry "10": ${what}\n  --> ${folder.path}/data.mdb\n` +
          "fix: download the file again and compare its checksum, or recreate it",
      );
      return true;
    });
  }
  write(folder.path, { ...two, entries: { "9": two.entries["9"] } });
  using texts = openTextDatabase(folder.path);
  assert.throws(
    () => texts.read("10"),
    /the text is listed in id2len.json, but not in the database/,
  );
});

Deno.test("every changed byte of a frame with checksums is refused", () => {
  const frame = Uint8Array.fromBase64(FRAME);
  const expected = { id: "1", image: "a.npz", length: 5, vocabularySize: 10 };
  const wrong = wrongIn("data.mdb");
  assert.deepEqual(readTextEntry(frame, expected, wrong).tokens, [1, 2, 3, 4, 5]);
  for (let at = 0; at < frame.length; at++) {
    const damaged = frame.slice();
    damaged[at]! ^= 0x10;
    assert.throws(() => readTextEntry(damaged, expected, wrong), Complaint, `byte ${at}`);
  }
});

/** Made by Python's lz4.frame with the checksums of content and blocks. */
const FRAME =
  "BCJNGHxARgAAAAAAAABZNwAAAP8dg6lpbnB1dF9pZHOVAQIDBAWpaW1nX2ZuYW1lpWEubnB6qHNlbnRlbmNlu2EBAAJQYWFhYWEcywoVAAAAAKveE0o=";

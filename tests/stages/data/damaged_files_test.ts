/** Every reader gives a result or a Complaint, however the bytes are damaged. */
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { compressFrameSync } from "lz4-napi";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { readBottomUpTsv } from "../../../stages/data/databases/bottom_up_tsv.ts";
import { bytesInMemory } from "../../../stages/data/formats/byte_source.ts";
import { wrongIn } from "../../../stages/data/formats/foreign_file.ts";
import { parseOrderedObject } from "../../../stages/data/formats/json_order.ts";
import { openLmdb, readLmdb } from "../../../stages/data/formats/lmdb.ts";
import { readNumpyMap } from "../../../stages/data/databases/lmdb_features.ts";
import { listNpz, readNpz } from "../../../stages/data/formats/npz.ts";
import type { ImageRegions } from "../../../stages/data/databases/image_database.ts";
import { regionArrays, regionRows } from "../../../stages/data/databases/region_rows.ts";
import { type ExpectedText, readTextEntry } from "../../../stages/data/databases/text_database.ts";
import { damage, resultOrComplaint } from "../../support/damage.ts";
import { goldenFile, goldenJson } from "../../support/goldens.ts";
import { writeLmdb } from "../../../stages/data/formats/lmdb_writer.ts";
import { floats, halves, joined, msgpackNumpy, npz } from "../../support/numpy_files.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { tries } from "../../support/long_test.ts";

const FILES = tries({ short: 200, long: 10_000 });
const wrong = wrongIn("damaged file");
const choice = { conf_th: 0.2, max_bb: 100, min_bb: 2, num_bb: 3 };
const regions = {
  features: halves([5, 7], (index) => index / 3),
  norm_bb: halves([5, 6], (index) => index / 30),
  conf: halves([5], (index) => index / 5),
};
const imageDatabase = goldenFile("img_db/toy/feat_th0.2_max100_min10");

function forDamaged(
  bases: readonly Uint8Array[],
  check: (bytes: Uint8Array, base: number) => void,
) {
  const which = fc.nat({ max: bases.length - 1 });
  fc.assert(
    fc.property(which, damage, (base, apply) => check(apply(bases[base]!), base)),
    { numRuns: FILES },
  );
}

function goldenValues(folder: string, count: number): [string, Uint8Array][] {
  using database = openLmdb(folder);
  const keys = [...database.keys()].filter((key) => key !== "__keys__").slice(0, count);
  return keys.map((key) => [key, database.get(key)!]);
}

Deno.test("a damaged LMDB file is read within its bounds or causes a Complaint", () => {
  using folder = temporaryFolder();
  const names = Array.from({ length: 60 }, (_, index) => `image ${1000 + 7 * index}`);
  const bases = [256, 512].map((pageSize) => {
    const entries = names.map((name, index) => [name, new Uint8Array(index * 11 % 400)] as const);
    writeLmdb(folder.path, entries, { pageSize });
    return Deno.readFileSync(`${folder.path}/data.mdb`);
  });
  let read = 0, refused = 0;
  forDamaged(bases, (bytes) => {
    const database = resultOrComplaint(() => readLmdb(bytesInMemory(bytes, "data.mdb")));
    if (database instanceof Complaint) return void refused++;
    const keys = resultOrComplaint(() => [...database.keys()]);
    keys instanceof Complaint ? refused++ : read++;
    if (!(keys instanceof Complaint)) assert.equal(new Set(keys).size, database.entryCount);
    for (const name of [names[7]!, names[59]!, "absent"]) {
      const value: unknown = resultOrComplaint<unknown>(() => database.get(name));
      if (value instanceof Uint8Array) assert.ok(value.length <= bytes.length);
    }
  });
  assert.ok(read > FILES / 10 && refused > FILES / 10, `${read} read, ${refused} refused`);
});

Deno.test("a damaged msgpack-numpy value gives regions of the right shape or a Complaint", () => {
  const golden = goldenValues(imageDatabase, 2).map(([, value]) => value);
  forDamaged([msgpackNumpy(regions), golden[0]!, golden[1]!], (bytes) => {
    checkRegions(() => readNumpyMap(bytes, { names: regionArrays, wrong }));
  });
});

Deno.test("a damaged npz never gives numbers other than those written", () => {
  const [[, golden]] = goldenValues(`${imageDatabase}_compressed`, 1) as [[string, Uint8Array]];
  const bases = [
    npz(regions),
    npz({ ...regions, features: floats([5, 7], (index) => index / 3) }, { deflated: false }),
    npz(regions, { zip64: true }),
    golden,
  ];
  const names = ["features", "norm_bb", "conf", "soft_labels", "allow_pickle"];
  const originals = bases.map((bytes) => readNpz(bytes, { names, wrong }));
  forDamaged(bases, (bytes, base) => {
    for (const name of names) {
      const arrays = resultOrComplaint(() => readNpz(bytes, { names: [name], wrong }));
      const array = arrays instanceof Complaint ? undefined : arrays.get(name);
      if (array !== undefined) assert.deepEqual(array, originals[base]!.get(name));
    }
    checkRegions(() => readNpz(bytes, { names: regionArrays, wrong }));
  });
  assert.ok(listNpz(bytesInMemory(golden), wrong).has("allow_pickle"));
});

function checkRegions(read: () => ReturnType<typeof readNpz>) {
  const result = resultOrComplaint(() => regionRows(read(), { choice, wrong }));
  if (result instanceof Complaint) return;
  const { count, featureDim, features, boxes, confidence } = result;
  assert.ok(count >= 1 && featureDim >= 1);
  assert.equal(features.length, count * featureDim);
  assert.equal(boxes.length, count * 7);
  assert.ok(confidence === undefined || confidence.length === count);
  assert.ok([...features, ...boxes, ...confidence ?? []].every(Number.isFinite));
}

Deno.test("a damaged text entry has the expected number and range of tokens, or is refused", () => {
  const folder = "txt_db/itm_toy_test.db";
  const lengths = goldenJson(`${folder}/id2len.json`),
    images = goldenJson(`${folder}/txt2img.json`);
  const golden = goldenValues(goldenFile(folder), 3).map((
    [id, bytes],
  ): [ExpectedText, Uint8Array] => [
    { id, image: images[id], length: lengths[id], vocabularySize: 120 },
    bytes,
  ]);
  const long = {
    input_ids: Array.from({ length: 60 }, (_, index) => index),
    img_fname: "a".repeat(90),
  };
  const expected = { id: "1", image: long.img_fname, length: 60, vocabularySize: 60 };
  const cases = [...golden, [expected, compressFrameSync(Buffer.from(encode(long)))] as const];
  forDamaged(cases.map(([, bytes]) => bytes), (bytes, base) => {
    const { image, length, vocabularySize } = cases[base]![0];
    const entry = resultOrComplaint(() => readTextEntry(bytes, cases[base]![0], wrong));
    if (entry instanceof Complaint) return;
    assert.equal(entry.image, image);
    assert.equal(entry.tokens.length, length);
    assert.ok(entry.tokens.every((token) => token >= 0 && token < vocabularySize));
  });
});

Deno.test("damaged msgpack within a valid LZ4 frame gives a text entry or a Complaint", () => {
  // LZ4 hides most changes from the decoder below: here it gets them directly.
  const entry = { input_ids: [1, 2, 3], img_fname: "x", more: [[[]], { a: [1.5, null, true] }] };
  forDamaged([encode(entry), joined([encode(-1), encode([])])], (bytes) => {
    resultOrComplaint(() => readNumpyMap(bytes, { names: Object.keys(entry), wrong }));
  });
});

Deno.test("a damaged table of regions gives regions of the right shape or a Complaint", () => {
  const array = (count: number) =>
    new Uint8Array(Float32Array.from({ length: count }, (_, index) => index / 2).buffer).toBase64();
  const six = [[36979, 640, 480, 2, array(8), array(10)], [5, 10, 20, 1, array(4), array(5)]];
  const ten = [["a_000007", 480, 640, "", array(3), "", "", 3, array(12), array(9)]];
  const bases = [six, ten].map((lines) =>
    new TextEncoder().encode(lines.map((line) => line.join("\t") + "\n").join(""))
  );
  forDamaged(bases, (bytes) => {
    const images = resultOrComplaint(() => readBottomUpTsv(bytesInMemory(bytes, "x.tsv"), choice));
    if (images instanceof Complaint) return;
    for (const name of [...images.names(), "absent"]) {
      const result = resultOrComplaint((): ImageRegions => images.read(name));
      if (result instanceof Complaint) continue;
      assert.equal(result.features.length, result.count * result.featureDim);
      assert.equal(result.boxes.length, result.count * 7);
    }
  });
});

Deno.test("a damaged JSON object keeps the order of its keys or causes a Complaint", () => {
  const base = new TextEncoder().encode('{"10": 1, "b\\"c": [1, {"d": "}"}], "2": "\\u00e9\\\\"}');
  forDamaged([base], (bytes) => {
    const text = new TextDecoder().decode(bytes);
    const entries = resultOrComplaint(() => parseOrderedObject(text, wrong));
    if (entries instanceof Complaint) return;
    assert.deepEqual(new Set(entries.keys()), new Set(Object.keys(JSON.parse(text))));
  });
});

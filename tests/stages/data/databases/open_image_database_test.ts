import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import type { RegionChoice } from "../../../../stages/data/databases/image_database.ts";
import { openImageDatabase } from "../../../../stages/data/databases/open_image_database.ts";
import { goldenFile, goldenForward, goldenJson } from "../../../support/goldens.ts";
import { writeLmdb } from "../../../../stages/data/formats/lmdb_writer.ts";
import {
  floats,
  halves,
  msgpackNumpy,
  npz,
  type WritableArrays,
} from "../../../support/numpy_files.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const published = { conf_th: 0.2, max_bb: 100, min_bb: 10, num_bb: 36 };
const toy = goldenFile("img_db/toy");
const chosen = "th0.2_max100_min10";

Deno.test("the features and boxes equal the inputs of the release's forward pass", () => {
  using images = openImageDatabase(toy, published);
  const pairs = goldenJson("expected.json").forward_debug as { img_id: string }[];
  for (const [index, { array }] of goldenForward().entries()) {
    const { count, featureDim, features, boxes } = images.read(pairs[index]!.img_id);
    assert.deepEqual(array("img_feat").shape.slice(-2), [count, featureDim]);
    assert.deepEqual(features, array("img_feat").values);
    assert.deepEqual(boxes, array("img_pos_feat").values);
  }
});

Deno.test("features in float16 are also read as they are stored, with the same regions", () => {
  using images = openImageDatabase(toy, published);
  for (const name of images.names()) {
    const { features, ...rest } = images.read(name);
    const { features: halves, ...others } = images.readHalves!(name)!;
    assert.deepEqual(others, rest);
    const { buffer, byteOffset, length } = halves;
    assert.deepEqual(Float32Array.from(new Float16Array(buffer, byteOffset, length)), features);
  }
  using folder = temporaryFolder();
  write(folder.path, "all", { ...falling, features: floats([6, 3], (index) => index) });
  using singles = openImageDatabase(folder.path, published);
  assert.equal(singles.readHalves!("a.npz"), undefined);
});

Deno.test("both variants of the release's image database contain the same regions", () => {
  using folder = temporaryFolder();
  for (const name of [`nbb_${chosen}.json`, `feat_${chosen}_compressed`]) {
    Deno.symlinkSync(`${toy}/${name}`, `${folder.path}/${name}`);
  }
  using plain = openImageDatabase(toy, published);
  using packed = openImageDatabase(folder.path, published);
  assert.deepEqual([plain.format, packed.format], ["lmdb", "lmdb_compressed"]);
  assert.deepEqual(plain.names(), packed.names());
  const counts = goldenJson(`img_db/toy/nbb_${chosen}.json`);
  assert.deepEqual([...plain.names()].sort(), Object.keys(counts).sort());
  for (const name of plain.names()) {
    assert.deepEqual(plain.read(name), packed.read(name));
    assert.equal(plain.read(name).count, counts[name]);
  }
});

const regions = (rows: number, confidence: (row: number) => number) => ({
  features: halves([rows, 3], (index) => index),
  norm_bb: floats([rows, 6], (index) => index / 10),
  conf: halves([rows], confidence),
});
const falling = regions(6, (row) => 0.9 - row / 10); // 0.9 .. 0.4

function write(place: string, name: string, arrays: WritableArrays, image = "a.npz") {
  const value = name.endsWith("_compressed") ? npz(arrays) : msgpackNumpy(arrays);
  const list = new TextEncoder().encode(JSON.stringify([image]));
  writeLmdb(`${place}/${name}`, [["__keys__", list], [image, value]]);
}

Deno.test("without recorded counts, all/ is read and confidences in float16 decide", () => {
  using folder = temporaryFolder();
  write(folder.path, "all", falling);
  write(folder.path, "all_compressed", falling);
  const count = (choice: Partial<RegionChoice>) => {
    using images = openImageDatabase(folder.path, { ...published, min_bb: 1, ...choice });
    assert.equal(images.format, "lmdb");
    assert.deepEqual(images.names(), ["a.npz"]);
    return images.read("a.npz").count;
  };
  assert.equal(count({}), 6);
  assert.equal(count({ conf_th: 0.65 }), 3);
  assert.equal(count({ conf_th: 0.65, min_bb: 5 }), 5);
  assert.equal(count({ conf_th: 0.65, max_bb: 2 }), 2);
  assert.equal(count({ conf_th: 0.95, min_bb: 10 }), 6);
  assert.equal(count({ conf_th: 0.7 }), 2); // 0.7 in float16 is not above 0.7 in float16
});

Deno.test("with a threshold of -1 the first num_bb regions are read", () => {
  using folder = temporaryFolder();
  write(folder.path, "feat_numbb4_compressed", falling);
  const choice = { ...published, conf_th: -1, num_bb: 4 };
  {
    using images = openImageDatabase(folder.path, choice);
    assert.equal(images.format, "lmdb_compressed");
    assert.equal(images.read("a.npz").count, 4);
  }
  write(folder.path, "feat_numbb4", regions(3, () => 1));
  using images = openImageDatabase(folder.path, choice);
  assert.throws(() => images.read("a.npz"), /4 regions are requested, it has 3/);
});

Deno.test("soft labels of the used regions are read, in every format that has them", () => {
  using folder = temporaryFolder();
  const label = (row: number, column: number) => ((row + column) % 4) / 6; // exact in no format
  const soft_labels = halves([6, 4], (index) => label(Math.floor(index / 4), index % 4));
  const arrays = { ...falling, soft_labels };
  for (const name of ["all", "all_compressed"]) {
    Deno.mkdirSync(`${folder.path}/${name}`);
    write(`${folder.path}/${name}`, name, arrays);
  }
  Deno.writeFileSync(`${folder.path}/a.npz`, npz(arrays));
  Deno.writeFileSync(`${folder.path}/b.npz`, npz(falling));
  const places = [
    [`${folder.path}/all`, "lmdb", "lmdb"],
    [`${folder.path}/all_compressed`, "lmdb", "lmdb_compressed"],
    [folder.path, "npz", "npz"],
  ] as const;
  for (const [place, format, found] of places) {
    using images = openImageDatabase(place, published, format);
    assert.equal(images.format, found);
    const labels = images.classes!("a.npz", 2)!;
    assert.equal(labels.length, 2 * 4);
    const expected = Array.from(labels, (_, k) => Math.f16round(label(Math.floor(k / 4), k % 4)));
    assert.deepEqual([...labels], expected);
    assert.throws(() => images.classes!("a.npz", 7), /soft_labels has shape \[6,4\]/);
    if (format === "npz") assert.equal(images.classes!("b.npz", 2), undefined);
  }
});

Deno.test("a folder of .npz is read without the rows after the count", () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/b.npz`, npz(regions(5, (row) => row < 2 ? 0.9 : 0.1)));
  const { conf: _, ...unsure } = regions(5, () => 1);
  Deno.writeFileSync(`${folder.path}/a.npz`, npz(unsure, { zip64: true }));
  Deno.writeTextFileSync(`${folder.path}/notes.txt`, "");
  const choice = { ...published, min_bb: 1, max_bb: 4 };
  using images = openImageDatabase(folder.path, choice);
  assert.deepEqual([images.format, ...images.names()], ["npz", "a.npz", "b.npz"]);
  assert.deepEqual(images.read("b.npz"), {
    count: 2,
    featureDim: 3,
    features: Float32Array.of(0, 1, 2, 3, 4, 5),
    boxes: Float32Array.of(0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.2, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.1),
    confidence: new Float32Array(Float16Array.of(0.9, 0.9)),
  });
  assert.equal(images.read("a.npz").count, 4);
  assert.throws(() => images.read("../b.npz"), /image not found/);
});

Deno.test("an invalid entry is reported with its database, image and array", () => {
  using folder = temporaryFolder();
  const wrong: [WritableArrays, string][] = [
    [
      { ...falling, features: halves([6], () => 1) },
      "features has shape [6], expected [regions, columns]",
    ],
    [
      { ...falling, norm_bb: halves([5, 6], () => 1) },
      "norm_bb has shape [5,6], expected [6,6]",
    ],
    [{ ...falling, conf: halves([6, 1], () => 1) }, "conf has shape [6,1], expected [6]"],
    [{ features: falling.features, conf: falling.conf }, "it has no array `norm_bb`"],
    [
      { ...falling, features: halves([6, 3], (index) => index === 4 ? NaN : 1) },
      "features: row 1 has NaN in column 1",
    ],
    [
      { ...falling, features: { ...falling.features, type: "<i2" } },
      "features: its type is <i2; save float16 or float32",
    ],
  ];
  for (const [arrays, what] of wrong) {
    write(folder.path, "all", arrays);
    using images = openImageDatabase(folder.path, published);
    assert.throws(() => images.read("a.npz"), (error: Complaint) => {
      assert.equal(
        error.toString(),
        `error: entry "a.npz": ${what}\n  --> ${folder.path}/all/data.mdb\n` +
          "fix: download the file again and compare its checksum, or recreate it",
      );
      return true;
    });
  }
});

Deno.test("recorded counts must be valid and include the image", () => {
  using folder = temporaryFolder();
  write(folder.path, `feat_${chosen}`, falling);
  const counts = (value: unknown) =>
    Deno.writeTextFileSync(`${folder.path}/nbb_${chosen}.json`, JSON.stringify(value));
  counts({ "a.npz": 0 });
  assert.throws(
    () => openImageDatabase(folder.path, published),
    /entry "a.npz": 0 is not a number/,
  );
  counts({ "b.npz": 3 });
  {
    using images = openImageDatabase(folder.path, published);
    assert.throws(() => images.read("a.npz"), /nbb_th0.2_max100_min10.json has no count for it/);
  }
  counts({ "a.npz": 7 });
  using images = openImageDatabase(folder.path, published);
  assert.throws(
    () => images.read("a.npz"),
    /7 regions are listed in the file of counts, it has 6/,
  );
});

Deno.test("a folder without features is reported with the expected files and its content", () => {
  using folder = temporaryFolder();
  assert.throws(() => openImageDatabase(`${folder.path}/absent`, published), Complaint);
  Deno.mkdirSync(`${folder.path}/feat_th0.5`);
  assert.throws(() => openImageDatabase(folder.path, published), (error: Complaint) => {
    assert.equal(
      error.toString(),
      "error: no features found: neither feat_th0.2_max100_min10/data.mdb with " +
        "nbb_th0.2_max100_min10.json; feat_th0.2_max100_min10_compressed/data.mdb with " +
        "nbb_th0.2_max100_min10.json; all/data.mdb; all_compressed/data.mdb nor .npz files; " +
        `the folder contains feat_th0.5\n  --> ${folder.path}\n` +
        "fix: name a folder that contains one of them, or set the thresholds with which its features were made",
    );
    return true;
  });
});

import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { readBottomUpTsv } from "../../../../stages/data/databases/bottom_up_tsv.ts";
import { bytesInMemory } from "../../../../stages/data/formats/byte_source.ts";

const choice = { conf_th: 0.2, max_bb: 100, min_bb: 1, num_bb: 36 };

const base64 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer).toBase64();

function table(...lines: (string | number)[][]) {
  const text = lines.map((line) => line.join("\t") + "\n").join("");
  return readBottomUpTsv(bytesInMemory(new TextEncoder().encode(text), "regions.tsv"), choice);
}

const boxes = base64(64, 48, 320, 240, 0, 0, 640, 480);
const features = base64(1, 2, 3, 4, 5, 6);
const line = [36979, 640, 480, 2, boxes, features];

Deno.test("pixels are converted to fractions of the image, with width, height and area", () => {
  const { count, featureDim, features, boxes, confidence } = table(line).read("36979");
  assert.deepEqual([count, featureDim, confidence], [2, 3, undefined]);
  assert.deepEqual(features, Float32Array.of(1, 2, 3, 4, 5, 6));
  assert.deepEqual(
    boxes,
    Float32Array.of(0.1, 0.1, 0.5, 0.5, 0.4, 0.4, Math.fround(0.4) ** 2, 0, 0, 1, 1, 1, 1, 1),
  );
});

Deno.test("images are found by their id, and by nothing that resembles it", () => {
  const images = table(line, ["COCO_train2014_000000000009", ...line.slice(1)], [
    "00007",
    ...line.slice(1),
  ]);
  assert.deepEqual(images.names(), ["36979", "COCO_train2014_000000000009", "00007"]);
  for (const name of images.names()) assert.equal(images.read(name).count, 2);
  for (const absent of ["6979", "9", "7", "flickr30k_000000036979.npz", ""]) {
    assert.throws(() => images.read(absent), /entry ".*": image not found/);
  }
});

Deno.test("confidences decide how many regions are used, in both layouts with confidences", () => {
  const eight = [1, 640, 480, 2, boxes, features, "", base64(0.9, 0.1)];
  const ten = [2, 480, 640, "", base64(0.9, 0.1), "", "", 2, boxes, features];
  const images = table(eight, ten);
  for (const name of ["1", "2"]) {
    const { count, confidence, boxes } = images.read(name);
    assert.equal(count, 1);
    assert.deepEqual(confidence, Float32Array.of(0.9));
    assert.deepEqual(boxes.subarray(0, 2), Float32Array.of(0.1, 0.1));
  }
});

Deno.test("lines longer than a chunk, blank lines and CRLF line ends are read", () => {
  const long = Float32Array.from({ length: 1_200_000 }, (_, index) => index);
  const text = [
    [1, 640, 480, 2, boxes, new Uint8Array(long.buffer).toBase64()].join("\t") + "\r\n",
    "\r\n\n",
    line.join("\t") + "\r\n",
    [5, ...line.slice(1)].join("\t"),
  ].join("");
  const bytes = new TextEncoder().encode(text);
  const images = readBottomUpTsv(bytesInMemory(bytes, "regions.tsv"), choice);
  assert.deepEqual(images.names(), ["1", "36979", "5"]);
  assert.deepEqual(images.read("1").features, long);
  assert.deepEqual(images.read("36979").features, images.read("5").features);
});

Deno.test("a table with a byte-order mark and any line ends is read, one in Latin-1 refused", () => {
  const rows = [["größe", ...line.slice(1)], line].map((columns) => columns.join("\t"));
  const read = (bytes: Uint8Array) => readBottomUpTsv(bytesInMemory(bytes, "regions.tsv"), choice);
  for (const end of ["\n", "\r\n", "\r", "\r\n\n", "\n\r\n\r"]) {
    const text = `\ufeff${rows.join(end)}`;
    for (const whole of [text, text + end]) {
      const images = read(new TextEncoder().encode(whole));
      assert.deepEqual(images.names(), ["größe", "36979"]);
      assert.deepEqual(images.read("36979").features, images.read("größe").features);
    }
  }
  const latin1 = Uint8Array.from(rows.join("\r\n"), (letter) => letter.charCodeAt(0));
  assert.throws(
    () => read(latin1),
    /^error: line 1: invalid UTF-8: .*\n {2}--> regions.tsv\nfix: /,
  );
  const later = Uint8Array.from(rows.toReversed().join("\r\n"), (letter) => letter.charCodeAt(0));
  assert.throws(() => read(later), /error: line 2: invalid UTF-8/);
});

Deno.test("an invalid line is reported with its image", () => {
  const wrong: [(string | number)[], RegExp][] = [
    [[1, 0, 480, 2, boxes, features], /w is "0"; expected a whole number from 1/],
    [
      [1, 640, 480, 3, boxes, features],
      /boxes has 32 bytes, which is not a float32 array of 3 boxes/,
    ],
    [[1, 640, 480, 2, boxes, base64(1, 2, 3)], /features has 12 bytes/],
    [[1, 640, 480, 2, boxes, features + "!"], /features is not valid base64/],
    [[1, 640, 480, 2, boxes], /it has 5 columns; expected 6, 8 or LXMERT's 10/],
    [[1, 640, 480, 2, boxes, base64(1, 2, 3, 4, NaN, 6)], /features: row 1 has NaN in column 1/],
  ];
  for (const [columns, message] of wrong) {
    const images = table(line, columns);
    assert.throws(() => images.read("1"), (error: Complaint) => {
      assert.match(error.toString(), message);
      assert.match(error.toString(), /^error: entry "1": line 2: .*\n {2}--> regions.tsv\nfix: /);
      return true;
    });
  }
  assert.throws(() => table(line, line), /lines 1 and 2 both describe image 36979: remove one/);
  assert.throws(() => table(["no table"]), /line 1: it does not start with an image id and a tab/);
});

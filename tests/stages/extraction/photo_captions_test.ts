import assert from "node:assert/strict";
import fc from "fast-check";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { decodeText } from "../../../pipeline/contract/text_file.ts";
import { readPhotoCaptions } from "../../../stages/extraction/photo_captions.ts";

const file = "captions.txt";
const read = (text: string) =>
  readPhotoCaptions(decodeText(new TextEncoder().encode(text), { file }), { file });

Deno.test("captions are read with their commas, quotes and line ends", () => {
  const text = '\ufeffimage,caption\r\na.jpg,A dog .\r\nb.jpg,"Red, ""big"" and\nround"\r\n\r\n';
  assert.deepEqual(read(text), [
    { image: "a.jpg", text: "A dog .", line: 2 },
    { image: "b.jpg", text: 'Red, "big" and\nround', line: 4 },
  ]);
  // The header was written by another program than the captions.
  for (const ends of ["\r\n,\n,\n", "\n,\r\n,\r", "\r,\r,\r\n"]) {
    const [head, first, last] = ends.split(",");
    assert.deepEqual(read(`image,caption${head}a.jpg,A dog${first}b.jpg,A cat${last}`), [
      { image: "a.jpg", text: "A dog", line: 2 },
      { image: "b.jpg", text: "A cat", line: 3 },
    ]);
  }
});

Deno.test("columns are found by name, others are ignored", () => {
  assert.deepEqual(read("Caption,number,Image\nA dog,0,a b.jpg\n"), [
    { image: "a b.jpg", text: "A dog", line: 2 },
  ]);
});

function refusal(text: string): [string, number | undefined] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof Complaint) return [error.what, error.options.place?.line];
    throw error;
  }
  throw new assert.AssertionError({ message: "it is read" });
}

Deno.test("invalid lists of captions are refused with the line", () => {
  assert.deepEqual(refusal(""), ["the file has no captions", undefined]);
  assert.deepEqual(refusal("image,caption\n"), ["the file has no captions", undefined]);
  assert.deepEqual(refusal("a.jpg,A dog\nb.jpg,A cat\n"), [
    "the columns are a.jpg, a dog: `image` or `caption` is missing",
    1,
  ]);
  assert.deepEqual(refusal("image,caption\na.jpg,A dog, a cat\n"), [
    "this is not valid CSV: a line has more or fewer fields than the first",
    2,
  ]);
  assert.deepEqual(refusal('image,caption\na.jpg,"A dog\nb.jpg,A cat\n'), [
    "this is not valid CSV: a quote is not closed",
    3,
  ]);
  assert.deepEqual(refusal("image,caption\n,A dog\n"), ["a caption names no image", 2]);
});

Deno.test("a name that leaves the folder is refused", () => {
  for (const name of ["../a.jpg", "/etc/passwd", "..", "a\\b.jpg", "x/y.jpg"]) {
    assert.deepEqual(refusal(`image,caption\n${name},A dog\n`), [
      `\`${name}\` is not the name of a file in the folder of photos`,
      2,
    ]);
  }
});

Deno.test("a name with line breaks is refused, and shown on one line", () => {
  assert.deepEqual(refusal('image,caption\n"a\nb.jpg",A dog\n'), [
    "`a\\nb.jpg` is not the name of a file in the folder of photos",
    3,
  ]);
});

Deno.test("any text is a list of captions or causes a Complaint", () => {
  const text = fc.array(
    fc.constantFrom("image", "caption", ",", '"', "\n", "\r\n", "a.jpg", " ", "é", "\0", "x"),
    { maxLength: 30 },
  ).map((parts) => `image,caption\n${parts.join("")}`);
  fc.assert(
    fc.property(text, (text) => {
      try {
        for (const { image, text: words } of read(text)) {
          assert.ok(image !== "" && words === words.trim() && !image.includes("/"));
        }
      } catch (error) {
        if (!(error instanceof Complaint)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

import assert from "node:assert/strict";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { readPositives } from "../../../stages/data/positives_files.ts";
import { evaluate } from "../../../stages/evaluate.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const ids = {
  images: ["coco_val2014_000000373119.npz", "coco_val2014_000000042201.npz"],
  texts: ["560256", "646721", "79200"],
};

/** Reads the value of `positives`, with these files in its folder. */
function read(files: Readonly<Record<string, unknown>>, named: string, ranked = ids) {
  using folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    Deno.writeTextFileSync(`${folder.path}/${name}`, text);
  }
  const outside = evaluate.outside!({ positives: `${folder.path}/${named}` });
  return readPositives(
    Object.fromEntries(outside.map(({ role, path }) => [role, path])),
    ranked,
  );
}

Deno.test("ECCV Caption's two files are read, and COCO's images are matched by number", () => {
  const files = {
    "eccv_image_to_caption.json": { "373119": [646721, 79200, 646721], "7": [560256] },
    "eccv_caption_to_image.json": { "79200": [42201, 373119, 8], "5": [373119] },
  };
  const expected = {
    positives: [
      { direction: "i2t", query: 0, right: [1, 2] },
      { direction: "t2i", query: 2, right: [1, 0] },
    ],
    // Image 7 and caption 5 as queries, image 8 as an answer.
    leftOut: 3,
  };
  for (const named of Object.keys(files)) assert.deepEqual(read(files, named), expected);
});

Deno.test("one file contains both directions or one of them, by the ids of the features", () => {
  const ranked = { images: ["a", "b"], texts: ["a_0", "b_0"] };
  const named = "own.json";
  assert.deepEqual(
    read({ [named]: { caption_to_image: { b_0: ["b", "a"] } } }, named, ranked).positives,
    [{ direction: "t2i", query: 1, right: [1, 0] }],
  );
  const both = {
    image_to_caption: { "a.jpg": ["a_0", "b_0"] },
    caption_to_image: { a_0: ["a.jpg"] },
  };
  assert.deepEqual(read({ [named]: both }, named, ranked).positives, [
    { direction: "i2t", query: 0, right: [0, 1] },
    { direction: "t2i", query: 0, right: [0] },
  ]);
});

Deno.test("files in another form are refused with file and key", () => {
  const cases: [unknown, string][] = [
    ["{", "invalid JSON: "],
    [
      { image_to_caption: { a: ["560256"], "a.jpg": ["560256"] } },
      "`a` and `a.jpg` are both `a`",
    ],
    ["3", "`the map`: Invalid type"],
    [{ image_to_caption: { a: [] } }, "`image_to_caption.a`: at least one correct answer"],
    [{ image_to_caption: { a: [true] } }, "`image_to_caption.a.0`: an id: a text or an integer"],
    [{ image_to_caption: { a: "b" } }, "`image_to_caption.a`: Invalid type"],
    [{ images: {} }, "`images`: Invalid key"],
    [
      { caption_to_image: { x: ["y"] } },
      "no query of the split is listed; its first image is coco_val2014_000000373119.npz, its " +
      "first caption 560256",
    ],
  ];
  for (const [content, what] of cases) {
    assert.throws(
      () => read({ "own.json": content }, "own.json", { ...ids, images: [...ids.images, "a"] }),
      (error) =>
        error instanceof Complaint && error.exitCode === 1 && error.what.startsWith(what) &&
        String(error).includes("own.json"),
      what,
    );
  }
});

import assert from "node:assert/strict";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { openFeatures } from "../../../stages/data/feature_set.ts";
import { writeLines } from "../../../stages/data/formats/json_lines.ts";
import { type WritableTensor, writeSafetensors } from "../../../stages/data/formats/safetensors.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** Two pictures of 2 and 1 regions, two captions, one pair. */
function lists() {
  return {
    images: [
      { id: "i0", split: "train", offset: 0, regions: 2 },
      { id: "i1", split: "train", offset: 2, regions: 1 },
    ],
    captions: [
      { id: "c0", image: "i0", split: "train", text: "a b", tokens: [5, 6] },
      { id: "c1", image: "i1", split: "train", text: "b", tokens: [6] },
    ],
    pairs: [
      { id: "p", kind: "relation", image_0: "i1", image_1: "i0", caption_0: "c1", caption_1: "c0" },
    ],
    vocabulary: [{ size: 7, pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 }],
  };
}

function tables() {
  return {
    features: {
      dtype: "F32",
      shape: [3, 5],
      data: Float32Array.from({ length: 15 }, (_, i) => i / 8),
    } as WritableTensor,
    boxes: { dtype: "F32", shape: [3, 7], data: new Float32Array(21) } as WritableTensor,
  };
}

async function write(
  folder: string,
  { images, captions, pairs, vocabulary }: ReturnType<typeof lists>,
  tensors: Partial<ReturnType<typeof tables>>,
) {
  await writeLines(`${folder}/images.jsonl`, images);
  await writeLines(`${folder}/captions.jsonl`, captions);
  await writeLines(`${folder}/pairs.jsonl`, pairs);
  await writeLines(`${folder}/vocabulary.json`, vocabulary);
  await writeSafetensors(`${folder}/regions.safetensors`, new Map(Object.entries(tensors)));
}

Deno.test("openFeatures() returns the families of images that have one", async () => {
  using folder = temporaryFolder();
  const { images: [first, second], ...others } = lists();
  await write(folder.path, { ...others, images: [{ ...first!, family: "f" } as never, second!] }, {
    ...tables(),
  });
  const set = await openFeatures({ folder: folder.path });
  assert.deepEqual(set.images.map(({ family }) => family), ["f", undefined]);
});

Deno.test("openFeatures() returns the tables, with indices in place of ids", async () => {
  using folder = temporaryFolder();
  await write(folder.path, lists(), tables());
  const set = await openFeatures({ folder: folder.path });
  assert.equal(set.featureDim, 5);
  assert.deepEqual(set.regions.read(0).features, tables().features.data.subarray(0, 10));
  assert.deepEqual(set.regions.read(1).features, tables().features.data.subarray(10));
  assert.deepEqual(set.captions.map(({ image }) => image), [0, 1]);
  assert.deepEqual(set.pairs, [
    { id: "p", kind: "relation", image0: 1, image1: 0, caption0: 1, caption1: 0 },
  ]);
});

type Change = (
  lines: ReturnType<typeof lists>,
  tensors: Partial<ReturnType<typeof tables>>,
) => void;
const faults: Record<string, { change: Change; file: string; line?: number; says: RegExp }> = {
  "a caption in another split than its image": {
    change: ({ captions }) => captions[1]!.split = "test",
    file: "captions.jsonl",
    says: /`c1` is in split test, its image in train/,
  },
  "a pair with items of two splits": {
    change: ({ images, captions }) => images[1]!.split = captions[1]!.split = "test",
    file: "pairs.jsonl",
    says: /`p` is in splits test and train/,
  },
  "overlapping rows of two images": {
    change: ({ images }) => images[1]!.offset = 1,
    file: "images.jsonl",
    says: /`i1` starts at row 1, the previous image ends at 2/,
  },
  "an image without a region": {
    change: ({ images }) => images[1]!.regions = 0,
    file: "images.jsonl",
    line: 2,
    says: /`regions`/,
  },
  "too few rows": {
    change: ({ images }) => images[1]!.regions = 2,
    file: "regions.safetensors",
    says: /`features` is F32 \[3,5\], expected F32 \[4, width\]/,
  },
  "missing boxes": {
    change: (_, tensors) => delete tensors.boxes,
    file: "regions.safetensors",
    says: /`boxes` is missing, expected F32 \[3, 7\]: one row per region/,
  },
  "boxes with six numbers": {
    change: (_, tensors) =>
      tensors.boxes = { dtype: "F32", shape: [3, 6], data: new Float32Array(18) },
    file: "regions.safetensors",
    says: /`boxes` is F32 \[3,6\]/,
  },
  "whole numbers as features": {
    change: (_, tensors) =>
      tensors.features = { dtype: "I32", shape: [3, 5], data: new Int32Array(15) },
    file: "regions.safetensors",
    says: /`features` is I32/,
  },
  "a feature that is not a number": {
    change: (_, tensors) => tensors.features!.data[11] = NaN,
    file: "regions.safetensors",
    says: /`features` has NaN in row 2/,
  },
  "a caption without a word": {
    change: ({ captions }) => captions[1]!.tokens = [],
    file: "captions.jsonl",
    says: /`c1` has no word/,
  },
  "a token outside the vocabulary": {
    change: ({ captions }) => captions[1]!.tokens = [5, 7],
    file: "captions.jsonl",
    says: /`c1` has token 7, but the vocabulary has 7 tokens/,
  },
  "a negative token": {
    change: ({ captions }) => captions[1]!.tokens = [5, -1],
    file: "captions.jsonl",
    line: 2,
    says: /`tokens\.1`/,
  },
  "a caption of a missing image": {
    change: ({ captions }) => captions[0]!.image = "i7",
    file: "captions.jsonl",
    says: /`c0` refers to `i7`, which is missing from images.jsonl/,
  },
  "a pair with a missing caption": {
    change: ({ pairs }) => pairs[0]!.caption_1 = "c7",
    file: "pairs.jsonl",
    says: /`p` refers to `c7`, which is missing from captions.jsonl/,
  },
  "a duplicate id": {
    change: ({ captions }) => captions[1]!.id = "c0",
    file: "captions.jsonl",
    says: /duplicate id `c0`/,
  },
  "a special token outside the vocabulary": {
    change: ({ vocabulary }) => vocabulary[0]!.mask = 7,
    file: "vocabulary.json",
    says: /`mask` is 7, but the vocabulary has 7 tokens/,
  },
};

for (const [what, { change, file, line, says }] of Object.entries(faults)) {
  Deno.test(`openFeatures() refuses ${what} and names the file`, async () => {
    using folder = temporaryFolder();
    const [lines, tensors] = [lists(), tables()];
    change(lines, tensors);
    await write(folder.path, lines, tensors);
    await assert.rejects(openFeatures({ folder: folder.path }), (error) => {
      assert.ok(error instanceof Complaint, String(error));
      assert.match(error.what, says);
      const place = { file: `${folder.path}/${file}`, ...(line === undefined ? {} : { line }) };
      assert.deepEqual(error.options.place, place);
      return true;
    });
  });
}

for (const file of ["images.jsonl", "captions.jsonl", "vocabulary.json", "regions.safetensors"]) {
  Deno.test(`openFeatures() without ${file} throws a Complaint that names the file`, async () => {
    using folder = temporaryFolder();
    await write(folder.path, lists(), tables());
    await Deno.remove(`${folder.path}/${file}`);
    await assert.rejects(openFeatures({ folder: folder.path }), (error) => {
      assert.ok(error instanceof Complaint, String(error));
      assert.ok(error.toString().includes(file));
      return true;
    });
  });
}

Deno.test("the complete error of a line that is not valid JSON", async () => {
  using folder = temporaryFolder();
  await write(folder.path, lists(), tables());
  await Deno.writeTextFile(`${folder.path}/pairs.jsonl`, "\n{", { append: true });
  await assert.rejects(openFeatures({ folder: folder.path }), (error) => {
    assert.equal(
      String(error),
      [
        "error: the line is not valid JSON",
        `  --> ${folder.path}/pairs.jsonl:3`,
        "fix: rebuild the artifact: its files are damaged or inconsistent",
      ].join("\n"),
    );
    return true;
  });
});

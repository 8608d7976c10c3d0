/** Images that are gathered from a table without padding are those of the feature set, padded with zeros. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { takeImages } from "../../../stages/batch/gather_rows.ts";
import { imageSupply } from "../../../stages/batch/image_supply.ts";
import {
  featureBytes,
  type ImageTable,
  imageTable,
  sparseImageTable,
} from "../../../stages/batch/image_table.ts";
import type { FeatureSet } from "../../../stages/data/feature_set.ts";
import { smallFeatures } from "../../support/small_features.ts";
import { tensorTest } from "../../support/tensor_test.ts";

const counts = [2, 3, 1, 4, 2, 1, 3];
const featureDim = 6;
const sizes = { featureDim, vocabulary: 20, counts };
const stored = {
  float32: smallFeatures({ ...sizes, stored: "float32" }),
  float16: smallFeatures({ ...sizes, stored: "float16" }),
};

/** What a step reads of these rows. */
function gathered(table: ImageTable, rows: readonly number[], regions?: number) {
  const places = regions === undefined ? undefined : tf.range(0, regions, 1, "int32");
  const taken = takeImages(table, tf.tensor1d([...rows], "int32"), { places });
  const read = (x: tf.Tensor) => ({ shape: x.shape, values: [...x.dataSync()] });
  return {
    features: read(taken.features),
    boxes: read(taken.boxes),
    mask: read(taken.regionMask),
  };
}

/** The same by the definition. */
function padded(set: FeatureSet, images: readonly number[], regions: number) {
  const rows = (width: number, of: (image: number) => Float32Array) =>
    images.flatMap((image) => {
      const values = [...of(image)];
      return [...values, ...Array(regions * width - values.length).fill(0)];
    });
  return {
    features: {
      shape: [images.length, regions, featureDim],
      values: rows(featureDim, (image) => set.regions.read(image).features),
    },
    boxes: {
      shape: [images.length, regions, 7],
      values: rows(7, (image) => set.regions.read(image).boxes),
    },
    mask: {
      shape: [images.length, regions],
      values: images.flatMap((image) =>
        Array.from({ length: regions }, (_, place) => place < counts[image]! ? 1 : 0)
      ),
    },
  };
}

for (const [type, set] of Object.entries(stored)) {
  tensorTest(`images in ${type} are gathered with zeros behind them`, () => {
    const table = imageTable(set, [6, 3, 0, 5], { regions: 4 });
    assert.equal(table.features.dtype, type === "float16" ? "int32" : "float32");
    assert.deepEqual(table.features.shape, [1 + 3 + 4 + 2 + 1, type === "float16" ? 3 : 6]);
    assert.deepEqual(gathered(table, [1, 3, 0, 0, 2]), padded(set, [3, 5, 6, 6, 0], 4));
    assert.deepEqual(gathered(table, [3, 2], 2), padded(set, [5, 0], 2), "fewer places");
    assert.deepEqual(gathered(table, [1], 5), padded(set, [3], 5), "more places");
  });
}

tensorTest("a table may have space for more images and regions than it is given", () => {
  for (const set of Object.values(stored)) {
    const table = imageTable(set, [2, 3], { regions: 4, images: 3, capacity: 20 });
    assert.equal(table.features.shape[0], 21);
    assert.deepEqual(gathered(table, [1, 0]), padded(set, [3, 2], 4));
    assert.deepEqual(gathered(table, [2]).mask.values, [0, 0, 0, 0]);
    assert.deepEqual(gathered(table, [2]).features.values, Array(4 * featureDim).fill(0));
    assert.throws(
      () => imageTable(set, [2, 3], { regions: 4, capacity: 4 }),
      /^Error: internal: 5 regions in a table for 4$/,
    );
  }
});

tensorTest("a table of some images has them at the same rows", () => {
  for (const set of Object.values(stored)) {
    const given = new Map([[5, 3], [1, 6]]);
    const table = sparseImageTable(set, given, { regions: 4, images: 7, capacity: 7 });
    assert.deepEqual(gathered(table, [1, 5, 1]), padded(set, [6, 3, 6], 4));
  }
});

tensorTest("features of which only some are float16 are all kept in float32", () => {
  const { regions, ...rest } = stored.float16;
  const mixed = {
    ...rest,
    regions: {
      ...regions,
      readHalves: (image: number) => image === 3 ? undefined : regions.readHalves!(image),
    },
  };
  const table = imageTable(mixed, [0, 3, 1], { regions: 4 });
  assert.equal(table.features.dtype, "float32");
  assert.deepEqual(gathered(table, [0, 1, 2]), padded(stored.float16, [0, 3, 1], 4));
});

tensorTest("an odd number of features is kept in float32", () => {
  const set = smallFeatures({ ...sizes, featureDim: 5, stored: "float16" });
  assert.equal(imageTable(set, [0], { regions: 2 }).features.dtype, "float32");
  assert.equal(featureBytes(set, [0, 3]), (2 + 4) * 5 * 4);
});

tensorTest(
  "images stay on the device if their features fit into the budget, else come with a batch",
  () => {
    const images = [0, 3, 4, 6];
    for (const [type, set] of Object.entries(stored)) {
      const bytes = (2 + 4 + 2 + 3) * featureDim * (type === "float16" ? 2 : 4);
      assert.equal(featureBytes(set, images), bytes);
      for (const budget of [bytes, bytes - 1]) {
        using supply = imageSupply(set, images, { regions: 4, most: 3, budget });
        assert.equal(supply.resident, budget === bytes);
        for (const rows of [[0, 3], [1], [3, 2, 1], [2, 2, 0, 0]]) {
          const { table, free } = supply.tableOf(rows);
          const expected = padded(set, rows.map((row) => images[row]!), 4);
          assert.deepEqual(gathered(table, rows), expected);
          const space = supply.resident ? 2 + 4 + 2 + 3 : 4 + 3 + 2;
          assert.equal(table.features.shape[0], 1 + space, "one size for all batches");
          free();
        }
      }
    }
  },
);

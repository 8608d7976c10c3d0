import assert from "node:assert/strict";
import { readRegionClasses } from "../../../stages/data/region_classes.ts";
import { type WritableTensor, writeSafetensors } from "../../../stages/data/safetensors.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const images = [2, 1].map((regions, place) => ({ id: `i${place}`, split: "train", regions }));

async function read(classes: WritableTensor | undefined) {
  using folder = temporaryFolder();
  const features = { shape: [3, 1], dtype: "F32" as const, data: new Float32Array(3) };
  const tensors = new Map<string, WritableTensor>([["features", features]]);
  if (classes !== undefined) tensors.set("classes", classes);
  await writeSafetensors(`${folder.path}/regions.safetensors`, tensors);
  return await readRegionClasses({ folder: folder.path }, { images });
}

const soft = (...data: number[]): WritableTensor => ({
  shape: [3, data.length / 3],
  dtype: "F32",
  data: Float32Array.from(data),
});

Deno.test("classes are probabilities of each region, or one class each", async () => {
  const known = await read(soft(1, 0, 0.25, 0.75, 0.5, 0.5));
  assert.equal(known.count, 2);
  assert.deepEqual([...known.read(0, 1)], [0.25, 0.75]);
  assert.deepEqual([...known.read(1, 0)], [0.5, 0.5]);
  const certain = await read({ shape: [3], dtype: "I32", data: Int32Array.of(0, 2, 1) });
  assert.equal(certain.count, 3);
  assert.deepEqual([...certain.read(0, 1)], [0, 0, 1]);
});

Deno.test("features without classes, or with others than these, are refused with the tensor's form", async () => {
  await assert.rejects(
    read(undefined),
    /^error: the features hold no classes of regions.*\n {2}--> .*regions\.safetensors\nfix: leave/,
  );
  const told = async (tensor: WritableTensor, what: RegExp) =>
    await assert.rejects(read(tensor), what);
  await told({ shape: [2], dtype: "I32", data: Int32Array.of(0, 1) }, /is I32 \[2\]; .* have 3/);
  await told({ shape: [3], dtype: "I32", data: Int32Array.of(0, -1, 1) }, /has -1 in row 1/);
  await told(soft(1, 0, 0.5, 0.75, 0.5, 0.5), /a row \(1\) that is no distribution/);
  await told(soft(1, 0, NaN, 0.75, 0.5, 0.5), /a row \(1\) that is no distribution/);
});

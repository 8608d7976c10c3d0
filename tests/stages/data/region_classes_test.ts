import assert from "node:assert/strict";
import { readRegionClasses } from "../../../stages/data/region_classes.ts";
import { type WritableTensor, writeSafetensors } from "../../../stages/data/formats/safetensors.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const images = [2, 1].map((regions, place) => ({ id: `i${place}`, split: "train", regions }));

async function read(classes: WritableTensor | undefined) {
  using folder = temporaryFolder();
  const features = { shape: [3, 1], dtype: "F32" as const, data: new Float32Array(3) };
  const tensors = new Map<string, WritableTensor>([["features", features]]);
  if (classes !== undefined) tensors.set("classes", classes);
  await writeSafetensors(`${folder.path}/regions.safetensors`, tensors);
  return await readRegionClasses({ folder: folder.path }, { images, regions: {} });
}

const soft = (...data: number[]): WritableTensor => ({
  shape: [3, data.length / 3],
  dtype: "F32",
  data: Float32Array.from(data),
});

Deno.test("classes are probabilities per region, or one class per region", async () => {
  const known = await read(soft(1, 0, 0.25, 0.75, 0.5, 0.5));
  assert.equal(known.count, 2);
  assert.deepEqual([...known.read(0, 1)], [0.25, 0.75]);
  assert.deepEqual([...known.read(1, 0)], [0.5, 0.5]);
  const certain = await read({ shape: [3], dtype: "I32", data: Int32Array.of(0, 2, 1) });
  assert.equal(certain.count, 3);
  assert.deepEqual([...certain.read(0, 1)], [0, 0, 1]);
});

Deno.test("classes of a published database are read on demand", async () => {
  using folder = temporaryFolder();
  const rows = [Float32Array.of(1, 0, 0.25, 0.75), Float32Array.of(0.5, 0.5)];
  const of = (classes: (image: number) => Float32Array | undefined) =>
    readRegionClasses({ folder: folder.path }, { images, regions: { classes } });
  const known = await of((image) => rows[image]);
  assert.equal(known.count, 2);
  assert.deepEqual([...known.read(0, 1)], [0.25, 0.75]);
  assert.deepEqual([...known.read(1, 0)], [0.5, 0.5]);
  assert.deepEqual([...known.read(0, 0)], [1, 0]);
  const uneven = await of((image) => image === 0 ? rows[0] : Float32Array.of(1));
  assert.throws(() => uneven.read(1, 0), /`i1` have 1 classes, those of the first image 2/);
  const wild = await of((image) => image === 0 ? rows[0] : Float32Array.of(0.5, 0.6));
  assert.throws(
    () => wild.read(1, 0),
    /`i1` are not a probability distribution in row 0: they sum to 1\.1/,
  );
  await assert.rejects(
    of(() => undefined),
    /needs classes of regions, which the features do not have/,
  );
});

Deno.test("missing or invalid classes are refused with the expected form of the tensor", async () => {
  await assert.rejects(
    read(undefined),
    /^error: .* needs classes of regions.*\n {2}--> .*\nfix: remove.*`soft_labels`/,
  );
  const refused = async (tensor: WritableTensor, what: RegExp) =>
    await assert.rejects(read(tensor), what);
  await refused(
    { shape: [2], dtype: "I32", data: Int32Array.of(0, 1) },
    /is I32 \[2\], but .* have 3/,
  );
  await refused({ shape: [3], dtype: "I32", data: Int32Array.of(0, -1, 1) }, /has -1 in row 1/);
  await refused(soft(1, 0, 0.5, 0.75, 0.5, 0.5), /no probability distribution in row 1/);
  await refused(soft(1, 0, NaN, 0.75, 0.5, 0.5), /no probability distribution in row 1/);
});

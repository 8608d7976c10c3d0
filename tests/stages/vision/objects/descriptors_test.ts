import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { bestRegion } from "../../../../stages/data/boxes.ts";
import { describeRegion, descriptorWidth } from "../../../../stages/vision/objects/descriptors.ts";
import { decodePicture } from "../../../../stages/vision/objects/pixels.ts";
import { findRegions } from "../../../../stages/vision/objects/regions.ts";
import { drawScene } from "../../../../stages/vision/scenes/drawing.ts";
import { layoutScene } from "../../../../stages/vision/scenes/layout.ts";
import { boxOf, type SceneObject } from "../../../../stages/vision/scenes/vocabulary.ts";
import { scaleOf, standardise } from "../../../../stages/vision/objects/standardisation.ts";
import { black, block, blue, drawnPicture, red } from "../../../support/drawn_pictures.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

interface Sample {
  readonly object: SceneObject;
  readonly numbers: Float32Array;
}

/** The objects of scenes `first` to `end`, as their regions are described. */
async function samplesOf(first: number, end: number): Promise<Sample[]> {
  using temporary = temporaryFolder();
  const path = `${temporary.path}/scene.png`;
  const samples: Sample[] = [];
  for (let k = first; k < end; k++) {
    const random = randomStream(2718).fork(k);
    const objects = layoutScene(random.fork("layout"));
    await Deno.writeFile(path, drawScene(objects, random.fork("background")));
    const picture = await decodePicture(path);
    const regions = findRegions(picture, { maxRegions: 12 });
    for (const object of objects) {
      const place = bestRegion(boxOf(object), regions);
      if (place === undefined) continue;
      samples.push({ object, numbers: describeRegion(picture, regions[place]!) });
    }
  }
  return samples;
}

/** Ridge regression onto one number per class: weights [width, classes]. */
function fitLinear(rows: readonly Float64Array[], classes: readonly number[], count: number) {
  const width = rows[0]!.length;
  const system = Array.from({ length: width }, (_, i) => {
    const line = new Float64Array(width + count);
    line[i] = 10;
    return line;
  });
  rows.forEach((row, r) => {
    for (let i = 0; i < width; i++) {
      if (row[i] === 0) continue;
      const line = system[i]!;
      for (let j = 0; j < width; j++) line[j]! += row[i]! * row[j]!;
      line[width + classes[r]!]! += row[i]!;
    }
  });
  for (let pivot = 0; pivot < width; pivot++) { // positive definite: no exchange of rows
    const from = system[pivot]!;
    const scale = from[pivot]!;
    for (let j = pivot; j < width + count; j++) from[j]! /= scale;
    for (let i = 0; i < width; i++) {
      const factor = system[i]![pivot]!;
      if (i === pivot || factor === 0) continue;
      for (let j = pivot; j < width + count; j++) system[i]![j]! -= factor * from[j]!;
    }
  }
  return system.map((line) => line.slice(width));
}

Deno.test("a linear classifier recognises shape, colour, size and texture of unseen objects", async () => {
  const training = await samplesOf(0, 220);
  const others = await samplesOf(220, 280);
  const scale = scaleOf(training.map(({ numbers }) => numbers));
  const rowsOf = (samples: readonly Sample[]) => {
    const all = standardise(samples.map(({ numbers }) => numbers), scale);
    return samples.map((_, r) =>
      Float64Array.from([...all.subarray(r * descriptorWidth, (r + 1) * descriptorWidth), 1])
    );
  };
  const [rows, unseen] = [rowsOf(training), rowsOf(others)];
  for (const name of ["shape", "colour", "size", "texture"] as const) {
    const names = [...new Set(training.map(({ object }) => object[name]))];
    const classes = training.map(({ object }) => names.indexOf(object[name]));
    const weights = fitLinear(rows, classes, names.length);
    const right = unseen.filter((row, r) => {
      const scores = names.map((_, k) => row.reduce((sum, x, i) => sum + x * weights[i]![k]!, 0));
      return names[scores.indexOf(Math.max(...scores))] === others[r]!.object[name];
    });
    const share = right.length / unseen.length;
    assert.ok(share >= 0.95, `${name}: ${right.length} of ${unseen.length}`);
  }
});

Deno.test("describeRegion() does not depend on a region's position or neighbours", () => {
  const described = (left: number, neighbour: boolean) => {
    const picture = drawnPicture((context) => {
      block(context, red, [left, 40, left + 30, 70]);
      if (neighbour) block(context, blue, [left + 34, 20, left + 60, 90]);
    });
    const [region] = findRegions(picture, { maxRegions: 12 });
    return describeRegion(picture, region!);
  };
  assert.deepEqual(described(20, false), described(90, false));
  assert.deepEqual(described(20, false), described(20, true));
});

Deno.test("describeRegion() returns finite numbers for any mask, even of one pixel", () => {
  const picture = drawnPicture((context) => block(context, black, [5, 5, 25, 30]));
  const masks = fc.record({
    width: fc.integer({ min: 1, max: 20 }),
    height: fc.integer({ min: 1, max: 20 }),
    bits: fc.array(fc.boolean(), { minLength: 400, maxLength: 400 }),
  });
  fc.assert(fc.property(masks, ({ width, height, bits }) => {
    const mask = Uint8Array.from({ length: width * height }, (_, i) => bits[i] ? 1 : 0);
    mask[0] = 1;
    const area = mask.reduce((sum, own) => sum + own, 0);
    const numbers = describeRegion(picture, { box: [3, 2, 3 + width, 2 + height], mask, area });
    assert.equal(numbers.length, descriptorWidth);
    assert.ok(numbers.every(Number.isFinite), `${numbers}`);
  }));
});

Deno.test("standardise() maps constant numbers to 0 and clips at five deviations", () => {
  const rows = [[3, 1], [3, -1], [3, 1], [3, -1]].map((row) => Float32Array.from(row));
  const scale = scaleOf(rows);
  assert.deepEqual([...standardise(rows, scale)], [0, 1, 0, -1, 0, 1, 0, -1]);
  assert.deepEqual([...standardise([Float32Array.of(3, 80)], scale)], [0, 5]);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { findRegions } from "../../../../stages/vision/objects/regions.ts";
import {
  black,
  block,
  blue,
  darkRed,
  disc,
  drawnPicture,
  red,
  white,
} from "../../../support/drawn_pictures.ts";

type Picture = Parameters<typeof findRegions>[0];
const boxes = (picture: Picture, maxRegions = 12) =>
  findRegions(picture, { maxRegions }).map(({ box }) => [...box]);

Deno.test("findRegions() finds each object at its position, from left to right", () => {
  const picture = drawnPicture((context) => {
    block(context, blue, [120, 20, 150, 44]);
    block(context, red, [10, 90, 40, 130]);
    block(context, white, [60, 30, 80, 50]);
    block(context, black, [60, 100, 80, 120]); // same centre column as the white one, below it
  });
  assert.deepEqual(boxes(picture), [
    [10, 90, 40, 130],
    [60, 30, 80, 50],
    [60, 100, 80, 120],
    [120, 20, 150, 44],
  ]);
});

Deno.test("findRegions() finds a block of any colour to the pixel", () => {
  const places = fc.record({
    x: fc.integer({ min: 4, max: 120 }),
    y: fc.integer({ min: 4, max: 70 }),
    width: fc.integer({ min: 10, max: 60 }),
    height: fc.integer({ min: 10, max: 60 }),
    colour: fc.constantFrom(red, blue, white, black, "rgb(242,215,45)", "rgb(40,155,60)"),
  });
  fc.assert(
    fc.property(places, ({ x, y, width, height, colour }) => {
      const box = [x, y, x + width, y + height] as const;
      assert.deepEqual(boxes(drawnPicture((context) => block(context, colour, box))), [[...box]]);
    }),
    { numRuns: 60 },
  );
});

for (const gap of [0, 1, 2]) {
  Deno.test(`objects of two colours ${gap} pixels apart are two regions`, () => {
    const picture = drawnPicture((context) => {
      block(context, red, [20, 20, 50, 50]);
      block(context, blue, [50 + gap, 20, 80 + gap, 50]);
    });
    assert.deepEqual(boxes(picture), [[20, 20, 50, 50], [50 + gap, 20, 80 + gap, 50]]);
  });
}

Deno.test("an object inside another is a separate region; the outer one keeps its whole box", () => {
  const picture = drawnPicture((context) => {
    block(context, red, [30, 30, 90, 90]);
    block(context, white, [50, 52, 70, 72]);
  });
  assert.deepEqual(boxes(picture).sort(), [[30, 30, 90, 90], [50, 52, 70, 72]]);
  const outer = findRegions(picture, { maxRegions: 12 }).find(({ box }) => box[0] === 30)!;
  assert.equal(outer.area, 60 * 60 - 20 * 20);
});

Deno.test("an object in the hole of a ring is a separate region", () => {
  const picture = drawnPicture((context) => {
    context.strokeStyle = blue;
    context.lineWidth = 10;
    context.beginPath();
    context.arc(80, 70, 25, 0, 2 * Math.PI);
    context.stroke();
    block(context, red, [71, 61, 89, 79]);
  });
  assert.deepEqual(boxes(picture).sort(), [[50, 40, 110, 100], [71, 61, 89, 79]]);
});

Deno.test("two tones of one hue, and of white and of black, stay one region", () => {
  const pairs = [[red, darkRed], [white, "rgb(206,206,208)"], [black, "rgb(66,66,70)"]] as const;
  for (const [first, second] of pairs) {
    const picture = drawnPicture((context) => {
      block(context, first, [40, 30, 80, 70]);
      for (let y = 34; y < 70; y += 8) block(context, second, [41, y, 79, y + 4]);
    });
    assert.deepEqual(boxes(picture), [[40, 30, 80, 70]], first);
  }
});

Deno.test("two separate objects of one colour are two regions", () => {
  const picture = drawnPicture((context) => {
    disc(context, red, 50, 50, 15);
    disc(context, red, 90, 50, 15);
  });
  assert.equal(boxes(picture).length, 2);
});

Deno.test("specks and lines one pixel wide are not regions", () => {
  const picture = drawnPicture((context) => {
    block(context, red, [40, 30, 80, 70]);
    block(context, blue, [10, 10, 12, 12]);
    block(context, black, [100, 10, 101, 120]);
  });
  assert.deepEqual(boxes(picture), [[40, 30, 80, 70]]);
});

Deno.test("a picture without objects is one region of its full size", () => {
  assert.deepEqual(boxes(drawnPicture(() => {})), [[0, 0, 192, 144]]);
  assert.deepEqual(boxes(drawnPicture(() => {}, { width: 1, height: 1 })), [[0, 0, 1, 1]]);
});

Deno.test("if there are too many objects, the largest are kept, from left to right", () => {
  const picture = drawnPicture((context) => {
    block(context, red, [10, 10, 40, 40]);
    block(context, blue, [60, 10, 75, 25]);
    block(context, red, [100, 10, 120, 30]);
  });
  assert.deepEqual(boxes(picture, 2), [[10, 10, 40, 40], [100, 10, 120, 30]]);
});

Deno.test("any picture gives regions inside it, with masks of the size of their boxes", () => {
  const pictures = fc.record({
    width: fc.integer({ min: 1, max: 24 }),
    height: fc.integer({ min: 1, max: 24 }),
    bytes: fc.uint8Array({ minLength: 4 * 24 * 24, maxLength: 4 * 24 * 24 }),
  });
  fc.assert(fc.property(pictures, ({ width, height, bytes }) => {
    const data = new Uint8ClampedArray(bytes.subarray(0, 4 * width * height));
    const regions = findRegions({ width, height, data }, { maxRegions: 3 });
    assert.ok(regions.length >= 1 && regions.length <= 3);
    for (const { box: [x1, y1, x2, y2], mask, area } of regions) {
      assert.ok(x1 >= 0 && y1 >= 0 && x2 <= width && y2 <= height && x1 < x2 && y1 < y2);
      assert.equal(mask.length, (x2 - x1) * (y2 - y1));
      assert.equal(mask.filter((own) => own === 1).length, area);
    }
  }));
});

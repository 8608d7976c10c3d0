import assert from "node:assert/strict";
import { regionFinder } from "../../../stages/extraction/region_finder.ts";
import { formulaPixels } from "../../support/drawn_pixels.ts";

/** A white picture of 64 x 64 pixels with a red square of 20 x 20 in the middle. */
function square(): Uint8Array {
  const pixels = new Uint8Array(64 * 64 * 3).fill(255);
  for (let y = 22; y < 42; y++) {
    for (let x = 22; x < 42; x++) pixels.set([200, 20, 20], (y * 64 + x) * 3);
  }
  return pixels;
}

const choice = { grid: 3, max_regions: 7 };

for (const regions of ["grid", "proposals", "objects"] as const) {
  Deno.test(`regions: ${regions} finds at least one box within any picture, never too many`, async () => {
    await using finder = await regionFinder({ ...choice, regions }, {});
    assert.equal(finder.most, regions === "grid" ? 9 : 7);
    const grey = new Uint8Array(64 * 64 * 3).fill(128);
    for (const pixels of [square(), grey, formulaPixels(64, 1)]) {
      const photo = { file: "photo.png", picture: { width: 64, height: 64, pixels } };
      const { boxes } = await finder.find(photo);
      assert.ok(boxes.length >= 1 && boxes.length <= finder.most);
      for (const { x0, y0, x1, y1 } of boxes) {
        assert.ok(0 <= x0 && x0 < x1 && x1 <= 1 && 0 <= y0 && y0 < y1 && y1 <= 1);
      }
      assert.deepEqual(await finder.find(photo), { boxes });
    }
  });
}

for (const regions of ["proposals", "objects"] as const) {
  Deno.test(`regions: ${regions} finds an isolated object`, async () => {
    await using finder = await regionFinder({ ...choice, regions }, {});
    const picture = { width: 64, height: 64, pixels: square() };
    const { boxes } = await finder.find({ file: "photo.png", picture });
    const [from, to] = [22 / 64, 42 / 64];
    const overlap = ({ x0, y0, x1, y1 }: typeof boxes[number]) => {
      const width = Math.max(0, Math.min(x1, to) - Math.max(x0, from));
      const height = Math.max(0, Math.min(y1, to) - Math.max(y0, from));
      const shared = width * height;
      return shared / ((x1 - x0) * (y1 - y0) + (to - from) ** 2 - shared);
    };
    assert.ok(Math.max(...boxes.map(overlap)) > 0.7, JSON.stringify(boxes));
  });
}

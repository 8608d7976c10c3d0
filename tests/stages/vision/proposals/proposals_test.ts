import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { openCv } from "../../../../stages/vision/proposals/superpixels.ts";
import type { Box, RgbPicture } from "../../../../stages/vision/picture.ts";
import { openProposals } from "../../../../stages/vision/proposals/proposals.ts";

const propose = await openProposals();
const whole: Box = { x0: 0, y0: 0, x1: 1, y1: 1 };

Deno.test("openProposals() finds a disc, a bar and a square on grass among its first boxes", () => {
  const things: readonly Box[] = [
    { x0: 0.15, y0: 0.2, x1: 0.4, y1: 0.45 },
    { x0: 0.6, y0: 0.1, x1: 0.7, y1: 0.9 },
    { x0: 0.1, y0: 0.65, x1: 0.35, y1: 0.9 },
  ];
  const picture = painted({ width: 224, height: 224 }, (x, y) => {
    const [disc, bar, square] = things.map((box) => within(box, x, y));
    if (disc && Math.hypot((x - 0.275) / 0.125, (y - 0.325) / 0.125) < 1) return [200, 60, 40];
    if (bar) return [240, 240, 230];
    if (square) return [30, 40, 160];
    return [60, 120 + grass(x, y), 50];
  });
  const found = propose(picture, { count: 10 });
  const best = things.map((box) => Math.max(...found.map((each) => overlap(each, box))));
  assert.ok(best.every((share) => share > 0.8), best.join(" "));
});

Deno.test("a picture of twice the size has the same proposals as fractions", () => {
  const paint = (x: number, y: number): Colour =>
    within({ x0: 0.25, y0: 0.25, x1: 0.75, y1: 0.5 }, x, y) ? [20, 20, 20] : [250, 240, 90];
  const [small, large] = [160, 320].map((size) =>
    propose(painted({ width: size, height: size }, paint), { count: 1 })
  );
  assert.deepEqual(small, large);
  const bar = { x0: 0.25, y0: 0.25, x1: 0.75, y1: 0.5 };
  assert.deepEqual(small, [bar]);
});

Deno.test("a picture that is too small or of a single colour is one region", () => {
  for (
    const size of [{ width: 1, height: 1 }, { width: 300, height: 4 }, { width: 64, height: 64 }]
  ) {
    assert.deepEqual(propose(painted(size, () => [9, 9, 9]), { count: 36 }), [whole]);
  }
});

Deno.test("proposals are inside the picture, distinct, at most as many as requested, and reproducible", () => {
  const size = fc.integer({ min: 1, max: 60 });
  const pictures = fc.tuple(size, size, fc.infiniteStream(fc.integer({ min: 0, max: 255 })));
  fc.assert(
    fc.property(pictures, fc.integer({ min: 1, max: 40 }), ([width, height, values], count) => {
      const pixels = Uint8Array.from({ length: width * height * 3 }, () => values.next().value!);
      const boxes = propose({ width, height, pixels }, { count });
      assert.ok(boxes.length >= 1 && boxes.length <= count);
      for (const { x0, y0, x1, y1 } of boxes) {
        assert.ok(0 <= x0 && x0 < x1 && x1 <= 1 && 0 <= y0 && y0 < y1 && y1 <= 1);
      }
      boxes.forEach((one, place) =>
        boxes.slice(0, place).forEach((other) => assert.ok(overlap(one, other) < 0.6))
      );
      assert.deepEqual(propose({ width, height, pixels }, { count }), boxes);
    }),
    { numRuns: 30 },
  );
});

Deno.test("OpenCV frees all memory of processed pictures", async () => {
  const { cv } = await openCv();
  const heap = () => (cv as unknown as { HEAPU8: Uint8Array }).HEAPU8.length;
  const picture = painted({ width: 1200, height: 900 }, (x, y) => [x * 255, y * 255, 0]);
  propose(picture, { count: 1 });
  const before = heap();
  for (let time = 0; time < 20; time++) propose(picture, { count: 1 });
  assert.equal(heap(), before);
});

Deno.test("loading OpenCV does not change the process's error handlers", () => {
  assert.deepEqual(process.listeners("uncaughtException"), []);
  assert.deepEqual(process.listeners("unhandledRejection"), []);
});

Deno.test("openProposals() needs no permission", async () => {
  const module = new URL("../../../../stages/vision/proposals/proposals.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-"],
    cwd: fileURLToPath(new URL("../../../../", import.meta.url)),
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const code = new Blob([`import { openProposals } from ${JSON.stringify(module)};
    (await openProposals())({ width: 16, height: 16, pixels: new Uint8Array(768) }, { count: 1 });`]);
  await code.stream().pipeTo(child.stdin);
  const { success, stderr } = await child.output();
  assert.ok(success, new TextDecoder().decode(stderr));
});

type Colour = readonly [number, number, number];

/** `paint` takes fractions of the picture. */
function painted(
  { width, height }: { width: number; height: number },
  paint: (x: number, y: number) => Colour,
): RgbPicture {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      pixels.set(paint((x + 0.5) / width, (y + 0.5) / height), (y * width + x) * 3);
    }
  }
  return { width, height, pixels };
}

function within({ x0, y0, x1, y1 }: Box, x: number, y: number): boolean {
  return x0 <= x && x < x1 && y0 <= y && y < y1;
}

/** A texture: -20..20. */
function grass(x: number, y: number): number {
  return 20 * Math.sin(170 * x + 9 * Math.sin(40 * y)) * Math.cos(150 * y);
}

function overlap(one: Box, other: Box): number {
  const width = Math.min(one.x1, other.x1) - Math.max(one.x0, other.x0);
  const height = Math.min(one.y1, other.y1) - Math.max(one.y0, other.y0);
  const both = Math.max(0, width) * Math.max(0, height);
  const area = ({ x0, y0, x1, y1 }: Box) => (x1 - x0) * (y1 - y0);
  return both / (area(one) + area(other) - both);
}

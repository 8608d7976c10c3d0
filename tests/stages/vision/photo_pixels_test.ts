import assert from "node:assert/strict";
import sharp, { type Sharp } from "sharp";
import { BadPhoto, decodePhoto, decodeSquares } from "../../../stages/vision/photo_pixels.ts";

const size = { width: 8, height: 8 };
/** Red above, blue below. */
const halves = (width: number, height: number) => {
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < pixels.length; at += 3) {
    pixels[at + (at < pixels.length / 2 ? 0 : 2)] = 255;
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
};
const red = { create: { width: 16, height: 16, channels: 3 as const, background: "#ff0000" } };

async function pixelAt(bytes: Uint8Array, x: number, y: number): Promise<number[]> {
  const { pixels, width } = await decodePhoto(bytes, size);
  assert.equal(pixels.length, 8 * 8 * 3);
  return [...pixels.slice((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

function near(found: readonly number[], expected: readonly number[], within: number): void {
  const worst = Math.max(...found.map((value, k) => Math.abs(value - expected[k]!)));
  assert.ok(worst <= within, `${found} is not ${expected}`);
}

Deno.test("a photo is stretched and returned row by row in red, green, blue", async () => {
  const bytes = await halves(40, 20).png().toBuffer();
  assert.deepEqual(await pixelAt(bytes, 3, 0), [255, 0, 0]);
  assert.deepEqual(await pixelAt(bytes, 3, 7), [0, 0, 255]);
});

Deno.test("a photo is rotated according to its EXIF entry", async () => {
  // 6: what is stored at the left is shown on top... the stored top is shown at the right.
  const turned = await halves(16, 16).withMetadata({ orientation: 6 }).png().toBuffer();
  assert.deepEqual(await pixelAt(turned, 7, 4), [255, 0, 0]);
  assert.deepEqual(await pixelAt(turned, 0, 4), [0, 0, 255]);
  const upside = await halves(16, 16).withMetadata({ orientation: 3 }).png().toBuffer();
  assert.deepEqual(await pixelAt(upside, 4, 0), [0, 0, 255]);
});

Deno.test("grey, CMYK, palettes, 16 bits and transparency are converted to 8 bits of red, green, blue", async () => {
  const decoded = async (image: Sharp) => await pixelAt(await image.toBuffer(), 4, 4);
  assert.deepEqual(await decoded(sharp(red).png({ palette: true })), [255, 0, 0]);
  assert.deepEqual(await decoded(sharp(red).toColourspace("rgb16").png()), [255, 0, 0]);
  const [grey, ...others] = await decoded(sharp(red).greyscale().png());
  assert.deepEqual(others, [grey, grey]);
  near(await decoded(sharp(red).toColourspace("cmyk").jpeg()), [232, 0, 0], 25);
  const half = { r: 0, g: 0, b: 0, alpha: 0 };
  const clear = sharp({ create: { width: 16, height: 16, channels: 4, background: half } });
  assert.deepEqual(await decoded(clear.png()), [255, 255, 255]);
  for (const format of ["webp", "gif", "tiff", "avif"] as const) {
    near(await decoded(sharp(red).toFormat(format)), [255, 0, 0], 8);
  }
});

async function reason(bytes: Uint8Array): Promise<string> {
  try {
    await decodePhoto(bytes, size);
  } catch (error) {
    if (error instanceof BadPhoto) return error.message;
    throw error;
  }
  throw new assert.AssertionError({ message: "it is decoded" });
}

Deno.test("files that are not photos are refused with the reason", async () => {
  assert.equal(await reason(new Uint8Array()), "the file is empty");
  assert.equal(
    await reason(new TextEncoder().encode("<html>not found</html>")),
    "it is not a photo of a known format (JPEG, PNG, WebP, GIF, TIFF, HEIF, AVIF)",
  );
  const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
  assert.equal(await reason(new TextEncoder().encode(drawing)), "it is a svg file, not a photo");
});

Deno.test("a truncated file is refused, wherever it ends", async () => {
  const noise = sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      background: "red",
      noise: { type: "gaussian", mean: 128, sigma: 60 },
    },
  });
  for (const bytes of [await noise.clone().jpeg().toBuffer(), await noise.png().toBuffer()]) {
    for (const part of [0.01, 0.2, 0.5, 0.9]) {
      const cut = bytes.subarray(0, Math.floor(bytes.length * part));
      assert.notEqual(await reason(cut), "", `${part}`);
    }
  }
});

Deno.test("a JPEG that is damaged in the middle is refused", async () => {
  const noise = { type: "gaussian" as const, mean: 128, sigma: 60 };
  const create = { width: 64, height: 64, channels: 3 as const, background: "red", noise };
  const bytes = await sharp({ create }).jpeg().toBuffer();
  assert.equal((await decodePhoto(bytes, size)).width, 8);
  bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 50); // most other damage still decodes to a picture
  assert.match(await reason(bytes), /Corrupt JPEG data/);
});

Deno.test("squares of several sizes come from one decoding; the largest equals a single decoding", async () => {
  const bytes = await halves(40, 20).png().toBuffer();
  const [small, large, same] = await decodeSquares(bytes, [8, 16, 16]);
  assert.deepEqual(large, await decodePhoto(bytes, { width: 16, height: 16 }));
  assert.deepEqual(same, large);
  assert.deepEqual([small!.width, small!.height, small!.pixels.length], [8, 8, 8 * 8 * 3]);
  assert.deepEqual([...small!.pixels.slice(0, 3)], [255, 0, 0]);
  assert.deepEqual([...small!.pixels.slice(-3)], [0, 0, 255]);
  assert.deepEqual(await decodeSquares(bytes, [8]), [await decodePhoto(bytes, size)]);
});

Deno.test("a small file that claims a huge size is refused without decompressing it", async () => {
  const bytes = await sharp({
    create: { width: 16_000, height: 9_000, channels: 3, background: "red" },
  }).png({ compressionLevel: 9 }).toBuffer();
  assert.ok(bytes.length < 3_000_000);
  assert.equal(await reason(bytes), "it has more than 134 million pixels");
});

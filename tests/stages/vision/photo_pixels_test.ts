import assert from "node:assert/strict";
import sharp, { type Sharp } from "sharp";
import {
  BadPhoto,
  decodePhoto,
  decodeSquares,
  type PhotoSource,
} from "../../../stages/vision/photo_pixels.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

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

async function refusal(photo: PhotoSource): Promise<BadPhoto> {
  try {
    await decodePhoto(photo, size);
  } catch (error) {
    if (error instanceof BadPhoto) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: "it is decoded" });
}

/** Of the bytes and of a file with them, for which it must be the same. */
async function reason(bytes: Uint8Array): Promise<string> {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/photo`, bytes);
  const { message } = await refusal(bytes);
  assert.equal((await refusal(`${folder.path}/photo`)).message, message);
  return message;
}

/** 8 x 8 red pixels, compressed with HEVC. */
const heic = Uint8Array.fromBase64(
  "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAXxtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA" +
    "AAAAACJpbG9jAAAAAERAAAEAAQAAAAABoAABAAAAAAAAACcAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAA" +
    "AA5waXRtAAAAAAABAAAA/GlwcnAAAADcaXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNw" +
    "AAADAJAAAAMAAAMAHroCQGEAAQApQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqrprm4CGgwIAAAAyAAAADAIRiAAEABkQBwXPB" +
    "iQAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAAChjbGFwAAAACAAAAAEAAAAIAAAAAf///8gAAAAC" +
    "////yAAAAAIAAAAQcGl4aQAAAAADCAgIAAAAGGlwbWEAAAAAAAAAAQABBYECAwWEAAAAL21kYXQAAAAjKAGvBBITjOD46cJo" +
    "P91R/FqVtJ7yftCrK+NJn3exGJKp/6A=",
);

/** A grey TIFF of 32-bit floating-point numbers, all 0. */
function floatTiff(width: number, height: number): Uint8Array {
  // Tag, type (3: 16 bits, 4: 32 bits), value.
  const entries = [
    [256, 3, width],
    [257, 3, height],
    [258, 3, 32], // bits per sample
    [259, 3, 1], // no compression
    [262, 3, 1], // black is zero
    [273, 4, 256], // where the pixels are
    [277, 3, 1], // samples per pixel
    [278, 3, height], // rows per strip
    [279, 4, width * height * 4],
    [339, 3, 3], // floating-point numbers
  ];
  const bytes = new Uint8Array(256 + width * height * 4);
  bytes.set(new TextEncoder().encode("II*\0"));
  const view = new DataView(bytes.buffer);
  view.setUint32(4, 8, true);
  view.setUint16(8, entries.length, true);
  entries.forEach(([tag, type, value], row) => {
    const at = 10 + 12 * row;
    view.setUint16(at, tag!, true);
    view.setUint16(at + 2, type!, true);
    view.setUint32(at + 4, 1, true);
    view.setUint32(at + 8, value!, true);
  });
  return bytes;
}

Deno.test("a photo that cannot be shown as it is meant is refused with the way out", async () => {
  assert.equal(await reason(heic), "it is a HEIC file, which is not supported");
  assert.match((await refusal(heic)).fix!, /^convert it to JPEG, for example with `heif-convert/);
  const tiff = floatTiff(8, 8);
  assert.equal(
    await reason(tiff),
    "its numbers are of type float, so it is not known which of them is white",
  );
  assert.equal((await refusal(tiff)).fix, "save it with 8 or 16 bits per channel");
});

Deno.test("a photo that takes too much memory is refused before it is decoded", async () => {
  const avif = new Uint8Array(await sharp(red).avif().toBuffer());
  assert.equal((await decodePhoto(avif, size)).width, 8);
  const extents = new TextDecoder("latin1").decode(avif).indexOf("ispe") + 8;
  const view = new DataView(avif.buffer);
  assert.deepEqual([view.getUint32(extents), view.getUint32(extents + 4)], [16, 16]);
  view.setUint32(extents, 10_000);
  view.setUint32(extents + 4, 10_000);
  assert.match(
    await reason(avif),
    /^decoding it would take 2\.\d GiB of memory, more than 1\.5 GiB$/,
  );
  assert.equal((await refusal(avif)).fix, "make it smaller, or save it as JPEG");
});

Deno.test("a file is decoded as its bytes are; what is no readable file is refused", async () => {
  using folder = temporaryFolder();
  const bytes = await halves(40, 20).jpeg().toBuffer();
  Deno.writeFileSync(`${folder.path}/photo`, bytes);
  assert.deepEqual(await decodePhoto(`${folder.path}/photo`, size), await decodePhoto(bytes, size));
  Deno.symlinkSync("loop", `${folder.path}/loop`);
  const messages = {
    [folder.path]: "it is a folder",
    "/dev/zero": "it is not a regular file",
    [`${folder.path}/absent`]: "it does not exist",
    [`${folder.path}/loop`]: "it is a symbolic link that leads to itself",
  };
  for (const [path, message] of Object.entries(messages)) {
    assert.equal((await refusal(path)).message, message);
  }
});

Deno.test("files that are not photos are refused with the reason", async () => {
  assert.equal(await reason(new Uint8Array()), "the file is empty");
  assert.equal(
    await reason(new TextEncoder().encode("<html>not found</html>")),
    "it is not a photo of a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF)",
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

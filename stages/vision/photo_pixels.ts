/** Photos as pixels, whatever camera or program wrote them. */
import sharp from "sharp";
import type { RgbPicture } from "./picture.ts";

/** What is taken for a photo: no drawings, which could refer to other files. */
const formats = new Set(["jpeg", "png", "webp", "gif", "tiff", "heif", "avif"]);

/** Pixels of the largest photo that is opened: 16k x 8k. A file of few bytes can claim any size. */
export const mostPixels = 2 ** 27;

sharp.cache(false);
sharp.concurrency(1); // photos are decoded side by side

/** Why a file is no photo that can be read, or has nothing to describe, in words for the user. */
export class BadPhoto extends Error {
  /** How to mend it, where another file would not. */
  readonly fix?: string;

  constructor(message: string, { fix, cause }: { fix?: string; cause?: unknown } = {}) {
    super(message, { cause });
    if (fix !== undefined) this.fix = fix;
  }
}

/**
 * Squares of these sides, in their order. Decoding takes longer than all else with large photos, so it
 * is done once, for the largest, and the others are made of that.
 *
 * @throws {BadPhoto}
 */
export async function decodeSquares(
  bytes: Uint8Array,
  sides: readonly number[],
): Promise<RgbPicture[]> {
  const most = Math.max(...sides);
  const largest = await decodePhoto(bytes, { width: most, height: most });
  return await Promise.all(sides.map((side) => stretched(largest, side)));
}

/** A picture as a square. */
export async function stretched(picture: RgbPicture, side: number): Promise<RgbPicture> {
  const { width, height, pixels } = picture;
  if (width === side && height === side) return picture;
  const made = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize(side, side, { fit: "fill" }).raw().toBuffer();
  return { width: side, height: side, pixels: made };
}

/**
 * Turned upright as its EXIF entry says, in sRGB, on white where it is transparent, 8 bits per channel,
 * stretched to `width` x `height`.
 *
 * @throws {BadPhoto}
 */
export async function decodePhoto(
  bytes: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<RgbPicture> {
  if (bytes.length === 0) throw new BadPhoto("the file is empty");
  try {
    const photo = sharp(bytes, { failOn: "warning", limitInputPixels: mostPixels });
    const { format } = await photo.metadata();
    if (!formats.has(format)) throw new BadPhoto(`it is a ${format} file, no photo`);
    const { data } = await photo.autoOrient()
      .flatten({ background: "white" })
      .toColourspace("srgb")
      .resize(width, height, { fit: "fill" })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (data.length !== width * height * 3) {
      throw new BadPhoto(`it has ${data.length / (width * height)} channels`);
    }
    return { width, height, pixels: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } catch (error) {
    if (error instanceof BadPhoto) throw error;
    throw new BadPhoto(plainWords((error as Error).message), { cause: error });
  }
}

/** The library's message, its first line and without its own file names. */
function plainWords(message: string): string {
  if (/exceeds pixel limit/i.test(message)) return "it has more than 134 million pixels";
  if (/unsupported image format/i.test(message)) {
    return "it is no photo of a known format (JPEG, PNG, WebP, GIF, TIFF, HEIF, AVIF)";
  }
  return message.split("\n")[0]!.replace(/^Input (buffer|file) (has|contains) /, "it has ")
    .slice(0, 200);
}

/**
 * The bytes of a photo's file.
 * @throws {BadPhoto} for what is no file, or is kept from us
 */
export async function readPhotoFile(path: string): Promise<Uint8Array> {
  try {
    // A pipe would be waited for without end.
    const { isFile, isDirectory } = await Deno.stat(path);
    if (!isFile) throw new BadPhoto(isDirectory ? "it is a folder" : "it is no ordinary file");
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) throw new BadPhoto("it is not there", { cause });
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new BadPhoto("it may not be read", { cause });
    }
    if (cause instanceof Deno.errors.FilesystemLoop) {
      throw new BadPhoto("it is a link that leads to itself", { cause });
    }
    throw cause;
  }
}

/** Reads and decodes photos of any common format. */
import sharp from "sharp";
import type { RgbPicture } from "./picture.ts";

/** Accepted formats; no vector drawings, which could refer to other files. */
const formats = new Set(["jpeg", "png", "webp", "gif", "tiff", "heif", "avif"]);

/** Largest photo that is opened, in pixels: 16k x 8k. A small file can claim any size. */
export const mostPixels = 2 ** 27;

sharp.cache(false);
sharp.concurrency(1); // photos are decoded in parallel

/** A photo that cannot be read, or in which a detector finds nothing. The message is meant for the user. */
export class BadPhoto extends Error {
  /** How to fix it, if replacing the file would not help. */
  readonly fix?: string;

  constructor(message: string, { fix, cause }: { fix?: string; cause?: unknown } = {}) {
    super(message, { cause });
    if (fix !== undefined) this.fix = fix;
  }
}

/**
 * The photo as squares of these sides, in the same order. Decoding large photos dominates the running time, so
 * it is done once, for the largest side, and the others are resized from that.
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

/** A picture resized to a square. */
export async function stretched(picture: RgbPicture, side: number): Promise<RgbPicture> {
  const { width, height, pixels } = picture;
  if (width === side && height === side) return picture;
  const resized = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize(side, side, { fit: "fill" }).raw().toBuffer();
  return { width: side, height: side, pixels: resized };
}

/**
 * Decodes a photo: rotated as its EXIF entry says, converted to sRGB with 8 bits per channel, transparency on
 * white, stretched to `width` x `height`.
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
    if (!formats.has(format)) throw new BadPhoto(`it is a ${format} file, not a photo`);
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
    throw new BadPhoto(plainMessage((error as Error).message), { cause: error });
  }
}

/** The first line of the library's message, in plainer words. */
function plainMessage(message: string): string {
  if (/exceeds pixel limit/i.test(message)) return "it has more than 134 million pixels";
  if (/unsupported image format/i.test(message)) {
    return "it is not a photo of a known format (JPEG, PNG, WebP, GIF, TIFF, HEIF, AVIF)";
  }
  return message.split("\n")[0]!.replace(/^Input (buffer|file) (has|contains) /, "it has ")
    .slice(0, 200);
}

/**
 * The bytes of a photo's file.
 * @throws {BadPhoto} if it is not a regular file or cannot be read
 */
export async function readPhotoFile(path: string): Promise<Uint8Array> {
  try {
    // Reading a pipe could block forever.
    const { isFile, isDirectory } = await Deno.stat(path);
    if (!isFile) throw new BadPhoto(isDirectory ? "it is a folder" : "it is not a regular file");
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) throw new BadPhoto("it does not exist", { cause });
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new BadPhoto("permission to read it is denied", { cause });
    }
    if (cause instanceof Deno.errors.FilesystemLoop) {
      throw new BadPhoto("it is a symbolic link that leads to itself", { cause });
    }
    throw cause;
  }
}

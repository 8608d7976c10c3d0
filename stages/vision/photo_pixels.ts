/** Reads and decodes photos of any common format. */
import sharp, { type Metadata, type Sharp } from "sharp";
import { decodingBytes, memoryLimit } from "./decoding_memory.ts";
import type { RgbPicture } from "./picture.ts";

/** Accepted formats; no vector drawings, which could refer to other files. AVIF is a kind of `heif`. */
const formats = new Set(["jpeg", "png", "webp", "gif", "tiff", "heif"]);

/** Largest photo that is opened, in pixels: 16k x 8k. A small file can claim any size. */
export const mostPixels = 2 ** 27;

sharp.cache(false);
sharp.concurrency(1); // photos are decoded in parallel

/** Limits all photos that are decoded at once. */
const memory = memoryLimit(1.5 * 2 ** 30);

/** The path of a photo, which is read while it is decoded, or the bytes of its file. */
export type PhotoSource = string | Uint8Array;

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
  photo: PhotoSource,
  sides: readonly number[],
): Promise<RgbPicture[]> {
  const most = Math.max(...sides);
  const largest = await decodePhoto(photo, { width: most, height: most });
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
  photo: PhotoSource,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<RgbPicture> {
  return await withPhoto(photo, async (opened) => {
    const { data } = await opened.flatten({ background: "white" })
      .toColourspace("srgb")
      .resize(width, height, { fit: "fill" })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (data.length !== width * height * 3) {
      throw new BadPhoto(`it has ${data.length / (width * height)} channels`);
    }
    return { width, height, pixels: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  });
}

/**
 * Decodes a photo as soon as there is memory for it.
 *
 * @param use gets the photo, rotated as its EXIF entry says
 * @throws {BadPhoto} for files that are not photos or cannot be shown as they are meant
 */
export async function withPhoto<Result>(
  photo: PhotoSource,
  use: (photo: Sharp) => Promise<Result>,
): Promise<Result> {
  if (typeof photo === "string") await requireFile(photo);
  else if (photo.length === 0) throw new BadPhoto("the file is empty");
  try {
    const opened = sharp(photo, { failOn: "warning", limitInputPixels: mostPixels });
    const header = await opened.metadata();
    requireShown(header);
    return await memory.within(decodingBytes(header), () => use(opened.autoOrient()));
  } catch (error) {
    if (error instanceof BadPhoto) throw error;
    throw new BadPhoto(plainMessage((error as Error).message), { cause: error });
  }
}

/** @throws {BadPhoto} for a photo that would be shown as another picture than is meant, or take too much memory */
function requireShown(header: Metadata): void {
  const { format, compression, depth } = header;
  if (!formats.has(format)) throw new BadPhoto(`it is a ${format} file, not a photo`);
  if (format === "heif" && compression !== "av1") throw heic();
  if (depth !== "uchar" && depth !== "ushort") {
    throw new BadPhoto(
      `its numbers are of type ${depth}, so it is not known which of them is white`,
      {
        fix: "save it with 8 or 16 bits per channel",
      },
    );
  }
  const needed = decodingBytes(header);
  if (needed > memory.bytes) {
    const [gigabytes, most] = [needed, memory.bytes].map((bytes) => (bytes / 2 ** 30).toFixed(1));
    throw new BadPhoto(`decoding it would take ${gigabytes} GiB of memory, more than ${most} GiB`, {
      fix: "make it smaller, or save it as JPEG",
    });
  }
}

const heic = () =>
  new BadPhoto("it is a HEIC file, which is not supported", {
    fix:
      "convert it to JPEG, for example with `heif-convert photo.heic photo.jpg`, and name the JPEG in " +
      "the captions",
  });

/** The first line of the library's message, in plainer words. */
function plainMessage(message: string): string {
  if (/exceeds pixel limit/i.test(message)) return "it has more than 134 million pixels";
  if (/unsupported image format/i.test(message)) {
    return "it is not a photo of a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF)";
  }
  return message.split("\n")[0]!.replace(/^Input (buffer|file) (has|contains) /, "it has ")
    .slice(0, 200);
}

/** @throws {BadPhoto} if it is not a regular file or cannot be read */
async function requireFile(path: string): Promise<void> {
  try {
    // Reading a pipe could block forever.
    const { isFile, isDirectory, size } = await Deno.stat(path);
    if (!isFile) throw new BadPhoto(isDirectory ? "it is a folder" : "it is not a regular file");
    if (size === 0) throw new BadPhoto("the file is empty");
    using _readable = await Deno.open(path);
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

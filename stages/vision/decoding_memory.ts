/** How much memory pictures take while they are decoded, and a limit on all that are decoded at once. */
import type { Metadata } from "sharp";

/** The part of a picture's header that decides. */
export type DecodedSize = Pick<
  Metadata,
  "format" | "width" | "height" | "channels" | "depth" | "isProgressive"
>;

/**
 * An upper estimate in bytes, from measurements of libvips 8.18: PNG without interlacing is read row by row, a
 * progressive JPEG keeps 16-bit coefficients, AVIF several copies in several forms, the others the whole picture.
 */
export function decodingBytes(
  { format, width, height, channels, depth, isProgressive }: DecodedSize,
): number {
  const sample = depth === "uchar" ? 1 : 2;
  const perPixel = () => {
    switch (format) {
      case "png":
        return channels * sample * (isProgressive ? 1.25 : 0.5);
      case "jpeg":
        return channels * 2;
      case "heif":
        return 16 + channels * sample * 2;
      case "gif":
        return 5;
      default:
        return channels * sample * 1.25;
    }
  };
  return Math.ceil(width * height * perPixel());
}

/** Lets work wait until all that runs at once takes no more than a number of bytes together. */
export interface MemoryLimit {
  readonly bytes: number;
  /** Runs work that takes at most `limit.bytes`, in the order of the calls. */
  within<Result>(bytes: number, work: () => Promise<Result>): Promise<Result>;
}

export function memoryLimit(bytes: number): MemoryLimit {
  const waiting: { readonly size: number; readonly start: () => void }[] = [];
  let free = bytes;
  const startNext = () => {
    // Strictly in order: small pictures that overtake would keep a large one waiting for ever.
    while (waiting.length > 0 && waiting[0]!.size <= free) {
      const { size, start } = waiting.shift()!;
      free -= size;
      start();
    }
  };
  return {
    bytes,
    async within(size, work) {
      if (size > bytes) throw new RangeError(`${size} bytes of at most ${bytes}`);
      await new Promise<void>((start) => {
        waiting.push({ size, start });
        startNext();
      });
      try {
        return await work();
      } finally {
        free += size;
        startNext();
      }
    },
  };
}

/** Decodes PNG pictures to pixels. */
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { crc32 } from "node:zlib";
import { Complaint } from "../../../pipeline/contract/complaint.ts";

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of each pixel, row by row, 0..255. */
  readonly data: Uint8ClampedArray;
}

/** @throws {Complaint} with the file's name if it is not a readable PNG picture */
export async function decodePicture(path: string): Promise<Pixels> {
  const wrong = (why: string, cause?: unknown) =>
    new Complaint(
      `${path} is not a readable picture: ${why}`,
      "rebuild the pictures, or replace this file with an intact PNG",
      { exitCode: 1, cause },
    );
  try {
    const bytes = await Deno.readFile(path);
    const fault = pngFault(bytes);
    if (fault !== undefined) throw wrong(fault);
    const image = await loadImage(bytes);
    const { width, height } = image;
    const context = createCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    return { width, height, data: context.getImageData(0, 0, width, height).data };
  } catch (error) {
    if (error instanceof Complaint) throw error;
    throw wrong(error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * Decoders silently fill the missing rows of a truncated PNG with black, so the lengths and checksums of its
 * chunks are checked here. Format: W3C PNG, 3rd edition, section 5.
 */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Pictures with more pixels are refused before they are decoded. */
const PIXELS = 100_000_000;

/** Describes what is wrong with the file; undefined if it is intact. */
function pngFault(bytes: Uint8Array): string | undefined {
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) return "it is not a PNG file";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length) break;
    const type = new TextDecoder("latin1").decode(bytes.subarray(at + 4, at + 8));
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
      return `the checksum of its ${JSON.stringify(type)} chunk at byte ${at} is wrong`;
    }
    if (at === SIGNATURE.length) {
      if (type !== "IHDR" || length !== 13) return "it does not start with its size";
      const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      if (width === 0 || height === 0 || width * height > PIXELS) {
        return `it has ${width} x ${height} pixels; expected 1 to ${PIXELS} in total`;
      }
    }
    if (type === "IEND") return undefined;
    at = end;
  }
  return `it is truncated after ${bytes.length} bytes`;
}

/**
 * Whether a PNG file is whole. Decoders fill the missing rows of a file that was cut short with black
 * and say nothing; its chunks' lengths and checksums tell. Format: W3C PNG, 3rd edition, section 5.
 */
import { crc32 } from "node:zlib";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** More pixels than this are refused before they are decoded. */
const PIXELS = 100_000_000;

/** What is wrong with the file, if anything is. */
export function pngFault(bytes: Uint8Array): string | undefined {
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) return "it is no PNG file";
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
      if (type !== "IHDR" || length !== 13) return "it does not begin with its size";
      const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      if (width === 0 || height === 0 || width * height > PIXELS) {
        return `it has ${width} x ${height} pixels; 1 to ${PIXELS} in all are read`;
      }
    }
    if (type === "IEND") return undefined;
    at = end;
  }
  return `it ends too early, after ${bytes.length} bytes`;
}

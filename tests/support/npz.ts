/** Reads numpy's .npz (zip, stored or deflated) of float32 and int64 arrays: enough for the goldens. */
import { inflateRawSync } from "node:zlib";

export interface NumpyArray {
  readonly shape: number[];
  readonly values: Float32Array | Int32Array;
}

export function readNpz(file: string | URL): Map<string, NumpyArray> {
  const bytes = Deno.readFileSync(file);
  const view = new DataView(bytes.buffer);
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end--;
  const arrays = new Map<string, NumpyArray>();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const method = view.getUint16(at + 10, true);
    const packedSize = view.getUint32(at + 20, true);
    const nameLength = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const packed = bytes.subarray(start, start + packedSize);
    arrays.set(name.replace(/\.npy$/, ""), readNpy(method === 0 ? packed : inflateRawSync(packed)));
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return arrays;
}

function readNpy(bytes: Uint8Array): NumpyArray {
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + headerLength));
  const type = header.match(/'descr': '([^']+)'/)?.[1];
  const shape = (header.match(/'shape': \(([^)]*)\)/)?.[1] ?? "").split(",")
    .filter((part) => part.trim() !== "").map(Number);
  const data = Uint8Array.from(bytes.subarray(10 + headerLength)).buffer;
  if (type === "<f4") return { shape, values: new Float32Array(data) };
  if (type === "<i8") {
    return { shape, values: Int32Array.from(new BigInt64Array(data), (item) => Number(item)) };
  }
  throw new Error(`no reader for numpy type ${type}`);
}

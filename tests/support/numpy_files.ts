/** Writes arrays the ways numpy and msgpack-numpy do. */
import { encode } from "@msgpack/msgpack";
import { crc32, deflateRawSync } from "node:zlib";

export interface WritableArray {
  /** "<f2", "<f4", "|b1", … */
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

export type WritableArrays = Readonly<Record<string, WritableArray>>;

const encoder = new TextEncoder();
const bytesOf = (data: ArrayBufferView) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export function halves(shape: readonly number[], value: (index: number) => number): WritableArray {
  const count = shape.reduce((product, side) => product * side, 1);
  return { type: "<f2", shape, data: Float16Array.from({ length: count }, (_, at) => value(at)) };
}

export function floats(shape: readonly number[], value: (index: number) => number): WritableArray {
  const count = shape.reduce((product, side) => product * side, 1);
  return { type: "<f4", shape, data: Float32Array.from({ length: count }, (_, at) => value(at)) };
}

/** A msgpack map of arrays, the arrays' keys as binary. */
export function msgpackNumpy(arrays: WritableArrays): Uint8Array {
  const names = Object.keys(arrays);
  return joined([
    Uint8Array.of(0x80 | names.length),
    ...names.flatMap((name) => {
      const { type, shape, data } = arrays[name]!;
      const entry = {
        nd: true,
        type,
        kind: new Uint8Array(),
        shape: [...shape],
        data: bytesOf(data),
      };
      return [
        encode(name),
        Uint8Array.of(0x80 | 5),
        ...Object.entries(entry).flatMap(([key, value]) => [
          encode(encoder.encode(key)),
          encode(value),
        ]),
      ];
    }),
  ]);
}

export function npy({ type, shape, data }: WritableArray): Uint8Array {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sides}), }`;
  const padded = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11) + "\n";
  const length = Uint8Array.of(padded.length & 0xff, padded.length >> 8);
  const magic = Uint8Array.of(0x93, ...encoder.encode("NUMPY"), 1, 0);
  return joined([magic, length, encoder.encode(padded), bytesOf(data)]);
}

/** A zip of .npy members; local headers leave sizes to zip64 fields, as numpy's do. */
export function npz(
  arrays: WritableArrays,
  { deflated = true, zip64 = false }: { deflated?: boolean; zip64?: boolean } = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, array] of Object.entries(arrays)) {
    const file = encoder.encode(`${name}.npy`);
    const data = npy(array);
    const packed = deflated ? deflateRawSync(data) : data;
    const sizes = new Uint8Array(20);
    const sizesView = new DataView(sizes.buffer);
    sizesView.setUint16(0, 1, true);
    sizesView.setUint16(2, 16, true);
    sizesView.setBigUint64(4, BigInt(data.length), true);
    sizesView.setBigUint64(12, BigInt(packed.length), true);
    const common = (view: DataView, from: number, wide: boolean) => {
      view.setUint16(from, 45, true);
      view.setUint16(from + 4, deflated ? 8 : 0, true);
      view.setUint32(from + 10, crc32(data), true);
      view.setUint32(from + 14, wide ? 0xffffffff : packed.length, true);
      view.setUint32(from + 18, wide ? 0xffffffff : data.length, true);
      view.setUint16(from + 22, file.length, true);
      view.setUint16(from + 24, wide ? sizes.length : 0, true);
    };
    const local = new DataView(new ArrayBuffer(30));
    local.setUint32(0, 0x04034b50, true);
    common(local, 4, true);
    const entry = new DataView(new ArrayBuffer(46));
    entry.setUint32(0, 0x02014b50, true);
    entry.setUint16(4, 45, true);
    common(entry, 6, zip64);
    entry.setUint32(42, at, true);
    parts.push(bytesOf(local), file, sizes, packed);
    directory.push(bytesOf(entry), file, zip64 ? sizes : new Uint8Array());
    at += 30 + file.length + sizes.length + packed.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const count = Object.keys(arrays).length;
  const end64 = new DataView(new ArrayBuffer(zip64 ? 76 : 0));
  if (zip64) {
    end64.setUint32(0, 0x06064b50, true);
    end64.setBigUint64(4, 44n, true);
    end64.setBigUint64(24, BigInt(count), true);
    end64.setBigUint64(32, BigInt(count), true);
    end64.setBigUint64(40, BigInt(length), true);
    end64.setBigUint64(48, BigInt(at), true);
    end64.setUint32(56, 0x07064b50, true);
    end64.setBigUint64(64, BigInt(at + length), true);
    end64.setUint32(72, 1, true);
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, zip64 ? 0xffff : count, true);
  end.setUint16(10, zip64 ? 0xffff : count, true);
  end.setUint32(12, zip64 ? 0xffffffff : length, true);
  end.setUint32(16, zip64 ? 0xffffffff : at, true);
  return joined([...parts, ...directory, bytesOf(end64), bytesOf(end)]);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/**
 * Decodes MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md).
 *
 * Hand-written because memory must be bounded by the size of the input, whatever lengths it claims:
 * the library `@msgpack/msgpack` allocates arrays as long as the file says, so 64 kB of nested arrays take
 * 1.6 GB. The tests use that library as the oracle.
 *
 * Binaries are views, not copies, so decoding an entry of large arrays is cheap; map keys may be binary, as
 * msgpack-numpy writes them.
 */
import { decodeUtf8, type Wrong } from "./foreign_file.ts";

export type MsgpackValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | MsgpackValue[]
  | MsgpackMap
  | Extension;
export type MsgpackMap = Map<string, MsgpackValue>;

export class Extension {
  constructor(readonly kind: number, readonly bytes: Uint8Array) {}
}

const DEEPEST = 32;

/** @throws {Complaint} made by `wrong` unless `bytes` is exactly one value */
export function decodeMsgpack(bytes: Uint8Array, wrong: Wrong): MsgpackValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  /** Consumes `count` bytes and returns their offset. */
  function take(count: number): number {
    if (count > bytes.length - at) {
      throw wrong(`invalid msgpack: ${count} bytes expected at ${at} of ${bytes.length}`);
    }
    const start = at;
    at += count;
    return start;
  }
  const binary = (length: number) => {
    const start = take(length);
    return bytes.subarray(start, start + length);
  };
  const text = (length: number) => decodeUtf8(binary(length), wrong);
  const uint8 = () => bytes[take(1)]!;
  const uint16 = () => view.getUint16(take(2));
  const uint32 = () => view.getUint32(take(4));
  const extension = (length: number) => new Extension(view.getInt8(take(1)), binary(length));
  const integer = (value: bigint) => {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  };

  function array(length: number, depth: number): MsgpackValue[] {
    const values: MsgpackValue[] = [];
    for (let left = length; left > 0; left--) values.push(value(depth));
    return values;
  }

  function map(length: number, depth: number): MsgpackMap {
    const entries: MsgpackMap = new Map();
    for (let left = length; left > 0; left--) {
      let key = value(depth);
      if (key instanceof Uint8Array) key = decodeUtf8(key, wrong);
      if (typeof key !== "string") throw wrong("a map key is not a string");
      if (entries.has(key)) throw wrong(`duplicate key ${JSON.stringify(key)}`);
      entries.set(key, value(depth));
    }
    return entries;
  }

  function value(above: number): MsgpackValue {
    const depth = above + 1;
    if (depth > DEEPEST) throw wrong(`invalid msgpack: more than ${DEEPEST} levels deep`);
    const head = uint8();
    if (head < 0x80) return head;
    if (head < 0x90) return map(head & 0x0f, depth);
    if (head < 0xa0) return array(head & 0x0f, depth);
    if (head < 0xc0) return text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return binary(uint8());
      case 0xc5:
        return binary(uint16());
      case 0xc6:
        return binary(uint32());
      case 0xc7:
        return extension(uint8());
      case 0xc8:
        return extension(uint16());
      case 0xc9:
        return extension(uint32());
      case 0xca:
        return view.getFloat32(take(4));
      case 0xcb:
        return view.getFloat64(take(8));
      case 0xcc:
        return uint8();
      case 0xcd:
        return uint16();
      case 0xce:
        return uint32();
      case 0xcf:
        return integer(view.getBigUint64(take(8)));
      case 0xd0:
        return view.getInt8(take(1));
      case 0xd1:
        return view.getInt16(take(2));
      case 0xd2:
        return view.getInt32(take(4));
      case 0xd3:
        return integer(view.getBigInt64(take(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return extension(1 << (head - 0xd4));
      case 0xd9:
        return text(uint8());
      case 0xda:
        return text(uint16());
      case 0xdb:
        return text(uint32());
      case 0xdc:
        return array(uint16(), depth);
      case 0xdd:
        return array(uint32(), depth);
      case 0xde:
        return map(uint16(), depth);
      case 0xdf:
        return map(uint32(), depth);
      default:
        throw wrong(`invalid msgpack: byte 0x${head.toString(16)} at ${at - 1}`);
    }
  }

  const result = value(0);
  if (at !== bytes.length) {
    throw wrong(`unexpected ${bytes.length - at} bytes after the msgpack value`);
  }
  return result;
}

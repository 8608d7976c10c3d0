/**
 * Arrays of a numpy .npz: a zip archive of .npy members, stored or deflated. Sizes come from the central
 * directory (numpy's local headers leave them to zip64 fields), every checksum is checked, and only the
 * members that are asked for are unpacked.
 */
import { crc32, inflateRawSync } from "node:zlib";
import { decodeUtf8, decoding, type Wrong } from "./foreign_file.ts";
import { parseNpy } from "./npy.ts";
import type { NumpyArray } from "./numpy_array.ts";

/** The named members' arrays; a name that is not there is not in the result. */
export function readNpz(
  bytes: Uint8Array,
  { names, wrong }: { readonly names: readonly string[]; readonly wrong: Wrong },
): Map<string, NumpyArray> {
  const members = listNpz(bytes, wrong);
  const arrays = new Map<string, NumpyArray>();
  for (const name of names) {
    const member = members.get(name);
    if (member === undefined) continue;
    const wrongMember: Wrong = (what, cause) => wrong(`${name}: ${what}`, cause);
    arrays.set(name, parseNpy(unpack(bytes, member, wrongMember), wrongMember));
  }
  return arrays;
}

export interface NpzMember {
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly checksum: number;
  readonly packedSize: number;
  readonly size: number;
  /** Of its local header. */
  readonly start: number;
  /** With its ending. */
  readonly file: string;
}

const END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30;
const END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50;
const ENTRY = 0x02014b50, LOCAL = 0x04034b50;

/** What the central directory says, by array name (without `.npy`). */
export function listNpz(bytes: Uint8Array, wrong: Wrong): Map<string, NpzMember> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const directory = findDirectory(view, wrong);
  const members = new Map<string, NpzMember>();
  let at = directory.start;
  for (let left = directory.count; left > 0; left--) {
    if (at + ENTRY_BYTES > directory.end || view.getUint32(at, true) !== ENTRY) {
      throw wrong("no npz: its list of members is damaged");
    }
    const nameEnd = at + ENTRY_BYTES + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > directory.end) throw wrong("no npz: its list of members is damaged");
    const file = decodeUtf8(bytes.subarray(at + ENTRY_BYTES, nameEnd), wrong);
    const name = file.replace(/\.npy$/, "");
    if ((view.getUint16(at + 8, true) & 1) !== 0) throw wrong(`${name}: it is encrypted`);
    const [size, packedSize, start] = wideNumbers(view, {
      from: nameEnd,
      to: extraEnd,
      narrow: [24, 20, 42].map((field) => view.getUint32(at + field, true)),
      wrong,
    });
    if (members.has(name)) throw wrong(`the member ${JSON.stringify(name)} is there twice`);
    members.set(name, {
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      packedSize: packedSize!,
      size: size!,
      start: start!,
      file,
    });
    at = next;
  }
  return members;
}

/** The record at the end that says where the list of members is; zip64's when there is one. */
function findDirectory(
  view: DataView,
  wrong: Wrong,
): { start: number; end: number; count: number } {
  let at = view.byteLength - END_BYTES;
  const earliest = Math.max(0, at - 0xffff);
  while (at >= earliest && view.getUint32(at, true) !== END) at--;
  if (at < earliest) throw wrong("no npz: a zip's end is missing, the file may be cut short");
  let count = view.getUint16(at + 10, true);
  let length = view.getUint32(at + 12, true);
  let start = view.getUint32(at + 16, true);
  const locator = at - 20;
  if (locator >= 0 && view.getUint32(locator, true) === LOCATOR64) {
    const end64 = Number(view.getBigUint64(locator + 8, true));
    if (end64 + 56 > locator || view.getUint32(end64, true) !== END64) {
      throw wrong("no npz: its zip64 end is damaged");
    }
    count = Number(view.getBigUint64(end64 + 32, true));
    length = Number(view.getBigUint64(end64 + 40, true));
    start = Number(view.getBigUint64(end64 + 48, true));
    at = end64;
  }
  if (start + length > at || count * ENTRY_BYTES > length) {
    throw wrong("no npz: its list of members is not within the file");
  }
  return { start, end: start + length, count };
}

/** Numbers that do not fit 32 bits stand, in this order, in the extra field of kind 1. */
function wideNumbers(
  view: DataView,
  { from, to, narrow, wrong }: { from: number; to: number; narrow: number[]; wrong: Wrong },
): number[] {
  const missing = narrow.filter((value) => value === 0xffffffff).length;
  if (missing === 0) return narrow;
  for (let at = from; at + 4 <= to;) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && length >= 8 * missing && at + 4 + length <= to) {
      let next = at + 4;
      return narrow.map((value) => {
        if (value !== 0xffffffff) return value;
        next += 8;
        return Number(view.getBigUint64(next - 8, true));
      });
    }
    at += 4 + length;
  }
  throw wrong("no npz: a size is missing from its list of members");
}

/** Deflate cannot shrink further than this. */
const STRONGEST_DEFLATE = 1032;
const LARGEST_MEMBER = 2 ** 28;

/** A member's bytes, of the size and checksum that the list says. */
function unpack(bytes: Uint8Array, member: NpzMember, wrong: Wrong): Uint8Array {
  const { method, checksum, packedSize, size, start, file } = member;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start + LOCAL_BYTES > bytes.length || view.getUint32(start, true) !== LOCAL) {
    throw wrong("its member is not where the list says");
  }
  const nameStart = start + LOCAL_BYTES;
  const nameEnd = nameStart + view.getUint16(start + 26, true);
  if (decodeUtf8(bytes.subarray(nameStart, nameEnd), wrong) !== file) {
    throw wrong("its member has another name than the list says");
  }
  const from = nameEnd + view.getUint16(start + 28, true);
  if (from + packedSize > bytes.length) throw wrong("its member is cut short");
  const packed = bytes.subarray(from, from + packedSize);
  if (method !== 0 && method !== 8) throw wrong(`its packing method ${method} is not supported`);
  if (size > Math.min(LARGEST_MEMBER, packedSize * STRONGEST_DEFLATE)) {
    throw wrong(`it cannot have ${size} bytes`);
  }
  const data = method === 0 ? packed : decoding(wrong, "it cannot be unpacked", () => {
    const { buffer, byteOffset, length } = inflateRawSync(packed, {
      maxOutputLength: Math.max(1, size),
    });
    return new Uint8Array(buffer, byteOffset, length); // not a Buffer, whose slices share memory
  });
  if (data.length !== size) throw wrong(`it has ${data.length} bytes, the list says ${size}`);
  if (crc32(data) !== checksum) throw wrong("its checksum is wrong: the file is damaged");
  return data;
}

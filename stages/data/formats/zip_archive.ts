/**
 * Reads the central directory of a zip archive, with zip64 (local headers may omit sizes).
 *
 * Hand-written because members are located synchronously in files larger than memory: `fflate` needs the
 * whole archive in memory, `@zip.js/zip.js` is asynchronous. Members must lie within the file and their
 * sizes may not add up to more than it, so a hostile file is rejected.
 */
import type { ByteSource } from "./byte_source.ts";
import { decodeUtf8, type Wrong } from "./foreign_file.ts";

export interface ZipMember {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  /** CRC-32 of the uncompressed bytes. */
  readonly checksum: number;
  readonly packedSize: number;
  readonly size: number;
  /** Offset of its local header. */
  readonly header: number;
}

const END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30, LOCATOR_BYTES = 20, END64_BYTES = 56;
const END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50;
const ENTRY = 0x02014b50, LOCAL = 0x04034b50;
/** Longest central directory that is read: 64 MB are about half a million members. */
const LONGEST_LIST = 1 << 26;

/** All members by name, in the order of the central directory. */
export function listZip(source: ByteSource, wrong: Wrong): Map<string, ZipMember> {
  const { start, end, count } = findDirectory(source, wrong);
  const bytes = readBytes(source, start, end - start);
  const view = viewOf(bytes);
  const members = new Map<string, ZipMember>();
  let packed = 0;
  let at = 0;
  for (let left = count; left > 0; left--) {
    if (at + ENTRY_BYTES > bytes.length || view.getUint32(at, true) !== ENTRY) {
      throw wrong("its central directory is damaged");
    }
    const nameEnd = at + ENTRY_BYTES + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > bytes.length) throw wrong("its central directory is damaged");
    const name = decodeUtf8(bytes.subarray(at + ENTRY_BYTES, nameEnd), wrong);
    const [size, packedSize, header] = wideNumbers(view, {
      from: nameEnd,
      to: extraEnd,
      narrow: [24, 20, 42].map((field) => view.getUint32(at + field, true)),
      wrong,
    }) as [number, number, number];
    if (members.has(name)) throw wrong(`duplicate member ${JSON.stringify(name)}`);
    if ((view.getUint16(at + 8, true) & 1) !== 0) {
      throw wrong(`the member ${JSON.stringify(name)} is encrypted`);
    }
    packed += packedSize + LOCAL_BYTES;
    if (header + LOCAL_BYTES + packedSize > start || packed > start) {
      throw wrong(`the member ${JSON.stringify(name)} is outside the file`);
    }
    members.set(name, {
      name,
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      packedSize,
      size,
      header,
    });
    at = next;
  }
  if (at !== bytes.length) throw wrong("its central directory is longer than the archive says");
  return members;
}

/** Offset of a member's packed bytes, after its local header, which must match the member. */
export function zipMemberStart(source: ByteSource, member: ZipMember, wrong: Wrong): number {
  const local = viewOf(readBytes(source, member.header, LOCAL_BYTES));
  if (local.getUint32(0, true) !== LOCAL) {
    throw wrong("its offset in the central directory is wrong");
  }
  const nameBytes = local.getUint16(26, true);
  const from = member.header + LOCAL_BYTES + nameBytes + local.getUint16(28, true);
  if (from + member.packedSize > source.size) throw wrong("it is truncated");
  const name = readBytes(source, member.header + LOCAL_BYTES, nameBytes);
  if (decodeUtf8(name, wrong) !== member.name) {
    throw wrong("its name differs from the central directory");
  }
  return from;
}

/** Finds the central directory by the record at the end of the archive, or by zip64's if there is one. */
function findDirectory(source: ByteSource, wrong: Wrong) {
  const tailStart = Math.max(0, source.size - END_BYTES - 0xffff - LOCATOR_BYTES);
  const tail = viewOf(readBytes(source, tailStart, source.size - tailStart));
  let at = tail.byteLength - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== END) at--;
  if (at < 0) throw wrong("the end of the zip archive is missing: the file may be truncated");
  let count = tail.getUint16(at + 10, true);
  let length = tail.getUint32(at + 12, true);
  let start = tail.getUint32(at + 16, true);
  let before = tailStart + at;
  const locator = at - LOCATOR_BYTES;
  if (locator >= 0 && tail.getUint32(locator, true) === LOCATOR64) {
    const end64 = Number(tail.getBigUint64(locator + 8, true));
    if (end64 + END64_BYTES > tailStart + locator) throw wrong("its zip64 end record is damaged");
    const record = viewOf(readBytes(source, end64, END64_BYTES));
    if (record.getUint32(0, true) !== END64) throw wrong("its zip64 end record is damaged");
    count = Number(record.getBigUint64(32, true));
    length = Number(record.getBigUint64(40, true));
    start = Number(record.getBigUint64(48, true));
    before = end64;
  }
  if (start + length > before || count * ENTRY_BYTES > length) {
    throw wrong("its central directory is outside the file");
  }
  if (length > LONGEST_LIST) throw wrong(`its central directory has ${length} bytes, too many`);
  return { start, end: start + length, count };
}

/** Numbers that do not fit in 32 bits are stored, in this order, in the extra field of kind 1. */
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
  throw wrong("a size is missing from its central directory");
}

function readBytes(source: ByteSource, offset: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  source.read(offset, bytes);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

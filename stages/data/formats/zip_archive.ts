/**
 * The list of a zip archive's members, read from its central directory (local headers may leave sizes
 * out), with zip64. Members lie within the file and do not overlap, so that all of them together are
 * never larger than the file.
 */
import type { ByteSource } from "./byte_source.ts";
import { decodeUtf8, type Wrong } from "./foreign_file.ts";

export interface ZipMember {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  /** CRC-32 of the unpacked bytes. */
  readonly checksum: number;
  readonly packedSize: number;
  readonly size: number;
  /** Of its local header. */
  readonly header: number;
}

const END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30, LOCATOR_BYTES = 20, END64_BYTES = 56;
const END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50;
const ENTRY = 0x02014b50, LOCAL = 0x04034b50;
/** Longest list that is read: 64 MB are half a million members. */
const LONGEST_LIST = 1 << 26;

/** All members by name, in the order of the list. */
export function listZip(source: ByteSource, wrong: Wrong): Map<string, ZipMember> {
  const { start, end, count } = findDirectory(source, wrong);
  const bytes = readBytes(source, start, end - start);
  const view = viewOf(bytes);
  const members = new Map<string, ZipMember>();
  let packed = 0;
  let at = 0;
  for (let left = count; left > 0; left--) {
    if (at + ENTRY_BYTES > bytes.length || view.getUint32(at, true) !== ENTRY) {
      throw wrong("its list of members is damaged");
    }
    const nameEnd = at + ENTRY_BYTES + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > bytes.length) throw wrong("its list of members is damaged");
    const name = decodeUtf8(bytes.subarray(at + ENTRY_BYTES, nameEnd), wrong);
    const [size, packedSize, header] = wideNumbers(view, {
      from: nameEnd,
      to: extraEnd,
      narrow: [24, 20, 42].map((field) => view.getUint32(at + field, true)),
      wrong,
    }) as [number, number, number];
    if (members.has(name)) throw wrong(`the member ${JSON.stringify(name)} is there twice`);
    if ((view.getUint16(at + 8, true) & 1) !== 0) {
      throw wrong(`the member ${JSON.stringify(name)} is encrypted`);
    }
    packed += packedSize + LOCAL_BYTES;
    if (header + LOCAL_BYTES + packedSize > start || packed > start) {
      throw wrong(`the member ${JSON.stringify(name)} does not lie within the file`);
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
  if (at !== bytes.length) throw wrong("its list of members is longer than it says");
  return members;
}

/** Where a member's packed bytes start: behind its local header, which must be that of this member. */
export function zipMemberStart(source: ByteSource, member: ZipMember, wrong: Wrong): number {
  const local = viewOf(readBytes(source, member.header, LOCAL_BYTES));
  if (local.getUint32(0, true) !== LOCAL) throw wrong("its member is not where the list says");
  const nameBytes = local.getUint16(26, true);
  const from = member.header + LOCAL_BYTES + nameBytes + local.getUint16(28, true);
  if (from + member.packedSize > source.size) throw wrong("its member is cut short");
  const name = readBytes(source, member.header + LOCAL_BYTES, nameBytes);
  if (decodeUtf8(name, wrong) !== member.name) {
    throw wrong("its member has another name than in the list");
  }
  return from;
}

/** The record at the end that says where the list of members is; zip64's when there is one. */
function findDirectory(source: ByteSource, wrong: Wrong) {
  const tailStart = Math.max(0, source.size - END_BYTES - 0xffff - LOCATOR_BYTES);
  const tail = viewOf(readBytes(source, tailStart, source.size - tailStart));
  let at = tail.byteLength - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== END) at--;
  if (at < 0) throw wrong("the end of the zip archive is missing: the file may be cut short");
  let count = tail.getUint16(at + 10, true);
  let length = tail.getUint32(at + 12, true);
  let start = tail.getUint32(at + 16, true);
  let before = tailStart + at;
  const locator = at - LOCATOR_BYTES;
  if (locator >= 0 && tail.getUint32(locator, true) === LOCATOR64) {
    const end64 = Number(tail.getBigUint64(locator + 8, true));
    if (end64 + END64_BYTES > tailStart + locator) throw wrong("its zip64 end is damaged");
    const record = viewOf(readBytes(source, end64, END64_BYTES));
    if (record.getUint32(0, true) !== END64) throw wrong("its zip64 end is damaged");
    count = Number(record.getBigUint64(32, true));
    length = Number(record.getBigUint64(40, true));
    start = Number(record.getBigUint64(48, true));
    before = end64;
  }
  if (start + length > before || count * ENTRY_BYTES > length) {
    throw wrong("its list of members does not lie within the file");
  }
  if (length > LONGEST_LIST) throw wrong(`its list of members has ${length} bytes, too many`);
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
  throw wrong("a size is missing from its list of members");
}

function readBytes(source: ByteSource, offset: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  source.read(offset, bytes);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

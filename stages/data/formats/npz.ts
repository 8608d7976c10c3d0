/**
 * Reads and writes numpy's .npz: a zip archive of .npy members, stored or deflated. Only the requested
 * members are unpacked, and their checksums are verified.
 */
import { crc32, inflateRawSync } from "node:zlib";
import { bytesInMemory, type ByteSource, joinBytes } from "./byte_source.ts";
import { decoding, type Wrong } from "./foreign_file.ts";
import { npyBytes, parseNpy } from "./npy.ts";
import type { NumpyArray } from "./numpy_array.ts";
import { storedZip } from "./stored_zip.ts";
import { listZip, type ZipMember, zipMemberStart } from "./zip_archive.ts";

/** Arrays of the named members; missing names are absent from the result. */
export function readNpz(
  bytes: Uint8Array,
  { names, wrong }: { readonly names: readonly string[]; readonly wrong: Wrong },
): Map<string, NumpyArray> {
  const source = bytesInMemory(bytes);
  const members = listNpz(source, wrong);
  const arrays = new Map<string, NumpyArray>();
  for (const name of names) {
    const member = members.get(name);
    if (member === undefined) continue;
    const wrongMember: Wrong = (what, cause) => wrong(`${name}: ${what}`, cause);
    const start = zipMemberStart(source, member, wrongMember);
    const packed = bytes.subarray(start, start + member.packedSize);
    arrays.set(name, parseNpy(unpack(packed, member, wrongMember), wrongMember));
  }
  return arrays;
}

/** Members by array name (without `.npy`). */
export function listNpz(source: ByteSource, wrong: Wrong): Map<string, ZipMember> {
  const wrongZip: Wrong = (what, cause) => wrong(`invalid npz: ${what}`, cause);
  const members = new Map<string, ZipMember>();
  for (const [file, member] of listZip(source, wrongZip)) {
    const name = file.replace(/\.npy$/, "");
    if (members.has(name)) throw wrongZip(`duplicate array ${JSON.stringify(name)}`);
    members.set(name, member);
  }
  return members;
}

/** Largest compression ratio of deflate: members that claim more are refused before they are unpacked. */
const STRONGEST_DEFLATE = 1032;
const LARGEST_MEMBER = 2 ** 28;

/** A member's bytes; size and checksum must match the central directory. */
function unpack(
  packed: Uint8Array,
  { method, checksum, size }: ZipMember,
  wrong: Wrong,
): Uint8Array {
  if (method !== 0 && method !== 8) {
    throw wrong(`its compression method ${method} is not supported`);
  }
  if (size > Math.min(LARGEST_MEMBER, packed.length * STRONGEST_DEFLATE)) {
    throw wrong(`it cannot have ${size} bytes`);
  }
  const data = method === 0 ? packed : decoding(wrong, "it cannot be decompressed", () => {
    const { buffer, byteOffset, length } = inflateRawSync(packed, {
      maxOutputLength: Math.max(1, size),
    });
    return new Uint8Array(buffer, byteOffset, length); // not a Buffer, whose slices share memory
  });
  if (data.length !== size) {
    throw wrong(`it has ${data.length} bytes, the central directory says ${size}`);
  }
  if (crc32(data) !== checksum) throw wrong("its checksum does not match: the file is damaged");
  return data;
}

/** An archive of stored members. */
export function npzBytes(arrays: ReadonlyMap<string, NumpyArray>): Uint8Array {
  const members = [...arrays].map(([name, array]) => [`${name}.npy`, npyBytes(array)] as const);
  return joinBytes([...storedZip(members, { alignment: 64 })]);
}

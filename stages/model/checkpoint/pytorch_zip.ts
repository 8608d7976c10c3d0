/**
 * PyTorch's checkpoint format since 1.6: a zip archive of uncompressed members NAME/data.pkl (a pickle)
 * and NAME/data/KEY (the bytes of each storage), with NAME/byteorder since 2.0.
 *
 * Checksums: PyTorch writes them but does not check them. We check the pickle's and those of the storages
 * that are read. `torch.serialization.set_crc32_options(False)` writes 0 for all members, so a file
 * without any checksum is accepted.
 */
import { crc32 } from "node:zlib";
import { ByteCursor } from "../../data/formats/byte_cursor.ts";
import { bytesInMemory, type ByteSource } from "../../data/formats/byte_source.ts";
import { decodeUtf8, type Wrong } from "../../data/formats/foreign_file.ts";
import { listZip, type ZipMember, zipMemberStart } from "../../data/formats/zip_archive.ts";
import { readPickle } from "./pickle_reader.ts";
import { type PytorchValue, pytorchWorld } from "./pytorch_tensor.ts";

/** The pickled object, and a reader of storages. */
export interface OpenCheckpoint {
  readonly root: PytorchValue;
  /** Fills `into`, whose length must be the storage's. */
  readonly readStorage: (key: string, into: Uint8Array<ArrayBuffer>) => void;
}

/** Longer than the pickle of a state dict of 10,000 tensors. */
const LONGEST_PICKLE = 1 << 26;

export function openPytorchZip(source: ByteSource, wrong: Wrong): OpenCheckpoint {
  const members = listZip(source, wrong);
  const checked = [...members.values()].some(({ checksum }) => checksum !== 0);
  const read = (member: ZipMember, into: Uint8Array) => {
    const wrongMember: Wrong = (what, cause) => wrong(`${member.name}: ${what}`, cause);
    source.read(zipMemberStart(source, member, wrongMember), into);
    if (checked && crc32(into) !== member.checksum) {
      throw wrongMember("its checksum is wrong: the file is damaged");
    }
  };
  const readWhole = (member: ZipMember) => {
    const bytes = new Uint8Array(member.size);
    read(member, bytes);
    return bytes;
  };
  const folder = findFolder([...members.keys()], wrong);
  for (const { name, method, size, packedSize } of members.values()) {
    if (method !== 0 || size !== packedSize) {
      throw wrong(
        `${name}: it is compressed; PyTorch stores members uncompressed, so do not zip them again`,
      );
    }
  }
  const order = members.get(`${folder}/byteorder`);
  if (order !== undefined && order.size < 32) {
    const text = decodeUtf8(readWhole(order), wrong);
    if (text !== "little") {
      throw wrong(`its numbers are ${JSON.stringify(text)}-endian; save it on another machine`);
    }
  }
  const pickle = members.get(`${folder}/data.pkl`)!;
  if (pickle.size > LONGEST_PICKLE) {
    throw wrong(`its pickle has ${pickle.size} bytes, more than any state dict's`);
  }
  const { world, needs } = pytorchWorld(wrong);
  const bytes = bytesInMemory(readWhole(pickle), source.file);
  const cursor = new ByteCursor(bytes, 0, wrong);
  const root = readPickle(cursor, world);
  if (cursor.position !== pickle.size) throw wrong("its pickle ends before data.pkl does");
  for (const { key, bytes } of needs.values()) {
    const member = members.get(`${folder}/data/${key}`);
    if (member === undefined) throw wrong(`storage ${JSON.stringify(key)} is not in the file`);
    if (member.size !== bytes) {
      throw wrong(`${member.name} has ${member.size} bytes; its tensors need ${bytes}`);
    }
  }
  return { root, readStorage: (key, into) => read(members.get(`${folder}/data/${key}`)!, into) };
}

/** The one folder that contains data.pkl. */
function findFolder(names: readonly string[], wrong: Wrong): string {
  const folders = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name))
    .map((name) => name.slice(0, -"/data.pkl".length));
  if (folders.length !== 1) {
    throw wrong(
      folders.length === 0
        ? "this zip archive is not a PyTorch checkpoint: it has no data.pkl in a folder"
        : `this zip archive has ${folders.length} checkpoints`,
    );
  }
  if (names.includes(`${folders[0]}/constants.pkl`)) {
    throw wrong("this is a TorchScript program; save model.state_dict() instead");
  }
  return folders[0]!;
}

/**
 * PyTorch's checkpoint format before 1.6: five pickles (a magic number, the protocol, the machine, the
 * object, the keys of its storages), then for each key the number of items as int64 and their bytes. A
 * storage is skipped unless it is requested. The format has no checksums, but every length is checked:
 * the last storage must end where the file ends.
 */
import { ByteCursor } from "../../data/formats/byte_cursor.ts";
import type { ByteSource } from "../../data/formats/byte_source.ts";
import type { Wrong } from "../../data/formats/foreign_file.ts";
import { readPickle } from "./pickle_reader.ts";
import { isKind } from "./pickle_value.ts";
import { type PytorchValue, pytorchWorld } from "./pytorch_tensor.ts";
import type { OpenCheckpoint } from "./pytorch_zip.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

export function openPytorchStream(source: ByteSource, wrong: Wrong): OpenCheckpoint {
  const cursor = new ByteCursor(source, 0, wrong);
  const { world: nothing } = pytorchWorld(wrong);
  if (readPickle(cursor, nothing) !== MAGIC) {
    throw wrong(
      "this pickle was not written by torch.save: it does not start with PyTorch's magic number",
    );
  }
  const protocol = readPickle(cursor, nothing);
  if (protocol !== PROTOCOL) {
    throw wrong(`its protocol is ${String(protocol)}; only ${PROTOCOL} can be read`);
  }
  const machine = readPickle(cursor, nothing);
  if (!isKind(machine, "dict") || machine.entries.get("little_endian") !== true) {
    throw wrong("its numbers are not little-endian; save it on another machine");
  }
  const { world, needs } = pytorchWorld(wrong);
  const root = readPickle(cursor, world);
  const keys = textsOf(readPickle(cursor, nothing), wrong);
  if (keys.length !== needs.size || new Set(keys).size !== keys.length) {
    throw wrong(`it lists ${keys.length} storages, its tensors have ${needs.size}`);
  }
  const starts = new Map<string, number>();
  for (const key of keys) {
    const need = needs.get(key);
    if (need === undefined) throw wrong(`no tensor has storage ${JSON.stringify(key)}`);
    const count = new DataView(cursor.take(8).slice().buffer).getBigInt64(0, true);
    if (count !== BigInt(need.length)) {
      throw wrong(`storage ${JSON.stringify(key)} has ${count} items, not ${need.length}`);
    }
    starts.set(key, cursor.position);
    cursor.position += need.bytes;
    if (cursor.position > source.size) {
      throw wrong(`it is cut short: ${cursor.position - source.size} bytes or more are missing`);
    }
  }
  if (cursor.position !== source.size) {
    throw wrong(`${source.size - cursor.position} bytes at its end belong to no storage`);
  }
  return { root, readStorage: (key, into) => source.read(starts.get(key)!, into) };
}

function textsOf(value: PytorchValue, wrong: Wrong): string[] {
  const items = isKind(value, "list") ? value.items : undefined;
  const texts = items?.filter((item) => typeof item === "string");
  if (texts === undefined || texts.length !== items!.length) {
    throw wrong("the list of its storages is damaged");
  }
  return texts;
}

/** Checkpoint files made by hand: any pickle in either of PyTorch's containers. */
import { joinBytes } from "../../stages/data/formats/byte_source.ts";
import { storedZip } from "../../stages/data/formats/stored_zip.ts";
import { PickleWriter } from "../../stages/model/checkpoint/pickle_writer.ts";

/** Letters and bytes of a pickle, as `pickle.dumps` would show them. */
export function bytesFrom(letters: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

/** A zip checkpoint; `members` are added to data.pkl, or replace what is there. */
export function zipOf(
  pickle: Uint8Array,
  members: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array<ArrayBuffer> {
  const all = Object.entries({ "data.pkl": pickle, byteorder: bytesFrom("little"), ...members });
  const named = all.map(([name, content]): [string, Uint8Array] => [`archive/${name}`, content]);
  return joinBytes(storedZip(named, { alignment: 64 }));
}

/** A stream checkpoint; `storages` are numbers of items and bytes, by key. */
export function streamOf(
  pickle: Uint8Array,
  storages: Readonly<Record<string, { count: number; bytes: Uint8Array }>> = {},
): Uint8Array<ArrayBuffer> {
  const keys = new PickleWriter().do("EMPTY_LIST", "MARK");
  for (const key of Object.keys(storages)) keys.text(key);
  return joinBytes([
    bytesFrom("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."),
    bytesFrom("\x80\x02M\xe9\x03."),
    bytesFrom("\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."),
    pickle,
    keys.do("APPENDS").end(),
    ...Object.values(storages).flatMap(({ count, bytes }) => [
      new Uint8Array(BigInt64Array.of(BigInt(count)).buffer),
      bytes,
    ]),
  ]);
}

/** What describes a tensor; the defaults are four numbers of storage "0". */
export interface TensorParts {
  readonly storage?: string;
  readonly key?: string;
  readonly length?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
}

/** A dictionary of tensors. */
export function pickleOf(tensors: Readonly<Record<string, TensorParts>>): Uint8Array {
  const pickle = new PickleWriter().do("EMPTY_DICT", "MARK");
  for (const [name, parts] of Object.entries(tensors)) {
    const { storage = "FloatStorage", key = "0", length = 4, offset = 0 } = parts;
    pickle.text(name).global("torch._utils", "_rebuild_tensor_v2").do("MARK", "MARK");
    pickle.text("storage").global("torch", storage).text(key).text("cpu").integer(length);
    pickle.do("TUPLE", "BINPERSID").integer(offset);
    pickle.integers(parts.shape ?? [length]).integers(parts.strides ?? [1]).do("NEWFALSE");
    pickle.do("EMPTY_DICT", "TUPLE", "REDUCE");
  }
  return pickle.do("SETITEMS").end();
}

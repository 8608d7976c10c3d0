/**
 * Writes zip archives of uncompressed members, below 4 GB.
 *
 * Hand-written because contents must be aligned, so that PyTorch can map tensors into memory; zip libraries
 * have no option for that.
 */
import { crc32 } from "node:zlib";
import { joinBytes } from "./byte_source.ts";

/**
 * The archive's bytes, in pieces.
 * @param options.alignment in bytes: each member's content starts at a multiple of it
 */
export function* storedZip(
  members: Iterable<readonly [name: string, content: Uint8Array]>,
  { alignment }: { readonly alignment: number },
): Generator<Uint8Array> {
  const list: Uint8Array[] = [];
  let offset = 0;
  for (const [memberName, content] of members) {
    const name = new TextEncoder().encode(memberName);
    const unpadded = offset + 30 + name.length + 4;
    const padding = new Uint8Array((alignment - unpadded % alignment) % alignment).fill(0x5a);
    /** From "version needed" to "length of the name": the same in both headers. */
    const shared = numbers(24, (view) => {
      view.setUint16(0, 20, true); // version
      view.setUint16(2, 0x0800, true); // the name is UTF-8
      view.setUint16(8, 0x21, true); // date: 1 January 1980
      view.setUint32(10, crc32(content), true);
      view.setUint32(14, content.length, true);
      view.setUint32(18, content.length, true);
      view.setUint16(22, name.length, true);
    });
    const localEnd = numbers(2, (view) => view.setUint16(0, 4 + padding.length, true));
    const extra = numbers(4, (view) => {
      view.setUint16(0, 0x4246, true); // "FB": the id that PyTorch uses for padding
      view.setUint16(2, padding.length, true);
    });
    yield joinBytes([letters("PK\x03\x04"), shared, localEnd, name, extra, padding]);
    yield content;
    const listEnd = numbers(16, (view) => view.setUint32(12, offset, true));
    list.push(joinBytes([letters("PK\x01\x02\x14\x00"), shared, listEnd, name]));
    offset = unpadded + padding.length + content.length;
  }
  const directory = joinBytes(list);
  yield directory;
  const end = numbers(18, (view) => {
    view.setUint16(4, list.length, true);
    view.setUint16(6, list.length, true);
    view.setUint32(8, directory.length, true);
    view.setUint32(12, offset, true);
  });
  yield joinBytes([letters("PK\x05\x06"), end]);
}

function letters(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function numbers(size: number, set: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  set(new DataView(bytes.buffer));
  return bytes;
}

/** Reads which libraries a shared object is linked to and where it searches them (ELF, 64 bit). */

export interface Linking {
  /** Names of the libraries that it needs. */
  readonly needed: readonly string[];
  /** Folders in which it searches libraries; `$ORIGIN` is its own. */
  readonly folders: readonly string[];
}

/** Numbers of /usr/include/elf.h: types of segments, and entries of the dynamic one. */
const types = { load: 1, dynamic: 2 } as const;
const entries = { end: 0, needed: 1, strings: 5, rpath: 15, runpath: 29 } as const;

/** Bytes of the longest list of folders that is read. */
const longestText = 1 << 16;

/** Nothing for a file of another format. */
export function linkingOf(path: string): Linking {
  using file = Deno.openSync(path);
  const segments = segmentsOf(file);
  const dynamic = segments.find(({ type }) => type === types.dynamic);
  const found = dynamic === undefined ? [] : entriesOf(file, dynamic);
  const strings = found.find(({ tag }) => tag === entries.strings)?.value ?? 0;
  const holder = segments.find(({ type, address, size }) =>
    type === types.load && address <= strings && strings < address + size
  );
  if (holder === undefined) return { needed: [], folders: [] };
  const start = holder.offset + strings - holder.address;
  const texts = (...tags: number[]) =>
    found.filter(({ tag }) => tags.includes(tag)).map(({ value }) => textAt(file, start + value));
  return {
    needed: texts(entries.needed),
    folders: [
      ...new Set(texts(entries.rpath, entries.runpath).flatMap((list) => list.split(":"))),
    ],
  };
}

interface Segment {
  readonly type: number;
  /** Where it is in the file, and in memory. */
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function segmentsOf(file: Deno.FsFile): Segment[] {
  const header = read(file, 0, 64);
  const isElf = header.byteLength === 64 && header.getUint32(0) === 0x7f454c46;
  const is64Little = isElf && header.getUint16(4) === 0x0201;
  if (!is64Little) return [];
  const start = Number(header.getBigUint64(32, true));
  const count = header.getUint16(56, true);
  return Array.from({ length: count }, (_, index) => read(file, start + 56 * index, 56))
    .filter(({ byteLength }) => byteLength === 56) // the others are cut off
    .map((segment) => {
      const number = (at: number) => Number(segment.getBigUint64(at, true));
      return {
        type: segment.getUint32(0, true),
        offset: number(8),
        address: number(16),
        size: number(32),
      };
    });
}

function entriesOf(
  file: Deno.FsFile,
  { offset, size }: Segment,
): { tag: number; value: number }[] {
  const section = read(file, offset, size);
  const all = Array.from({ length: Math.floor(section.byteLength / 16) }, (_, index) => ({
    tag: Number(section.getBigUint64(16 * index, true)),
    value: Number(section.getBigUint64(16 * index + 8, true)),
  }));
  const end = all.findIndex(({ tag }) => tag === entries.end);
  return end < 0 ? all : all.slice(0, end);
}

/** A text that ends with a zero byte. */
function textAt(file: Deno.FsFile, place: number): string {
  const { buffer, byteLength } = read(file, place, longestText);
  return new TextDecoder().decode(new Uint8Array(buffer, 0, byteLength)).split("\0", 1)[0]!;
}

/** Fewer bytes at the end of the file. */
function read(file: Deno.FsFile, place: number, length: number): DataView<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.seekSync(place, Deno.SeekMode.Start);
  let filled = 0;
  for (let more = 1; filled < length && more > 0; filled += more) {
    more = file.readSync(bytes.subarray(filled)) ?? 0;
  }
  return new DataView(bytes.buffer, 0, filled);
}

/** The meta pages of an LMDB file: the root of its tree, and all sizes. */
import type { ByteSource } from "./byte_source.ts";
import type { Wrong } from "./foreign_file.ts";

export interface Tree {
  readonly pageSize: number;
  /** Complete pages in the file. */
  readonly pageCount: number;
  readonly root: number;
  readonly depth: number;
  readonly entries: number;
}

export const PAGE_HEADER = 16;
const MAGIC = 0xbeefc0de;
const META_BYTES = PAGE_HEADER + 136;
/** The page flag of meta pages. */
const META = 8;
/** LMDB's own limit for a cursor's stack. */
const DEEPEST = 32;
/** Marks "no page": the root of an empty tree. */
const NO_PAGE = 2n ** 64n - 1n;

/** The newer of the valid meta pages. */
export function chooseMeta(source: ByteSource, wrong: Wrong): Tree {
  const notLmdb = "this is not an LMDB file of data version 1 (64-bit, little-endian)";
  const first = readMeta(source, 0);
  // The first meta page gives the page size, and so the second's offset; without it, try the usual sizes.
  const sizes = first === undefined ? [4096, 8192, 16384, 32768, 65536] : [first.pageSize];
  const second = sizes.map((size) => readMeta(source, size))
    .find((meta, index) => meta !== undefined && meta.pageSize === sizes[index]);
  const metas = [first, second].filter((meta) => meta !== undefined);
  if (metas.length === 0) throw wrong(notLmdb);
  const meta = metas.reduce((best, other) => other.transaction > best.transaction ? other : best);
  const pageCount = Math.floor(source.size / meta.pageSize);
  if (meta.flags !== 0) {
    throw wrong(
      `the database has flags ${meta.flags} (duplicate or integer keys), which are not supported`,
    );
  }
  if (meta.lastPage >= BigInt(pageCount)) {
    throw wrong(
      `it is truncated: it has ${pageCount} complete pages, its last page is number ${meta.lastPage}`,
    );
  }
  if (meta.depth > DEEPEST) {
    throw wrong(`its tree is ${meta.depth} levels deep, more than ${DEEPEST}`);
  }
  if (
    (meta.depth === 0) !== (meta.root === NO_PAGE) || (meta.depth === 0) !== (meta.entries === 0n)
  ) {
    throw wrong("its meta page is inconsistent");
  }
  if (meta.entries > BigInt(source.size)) {
    throw wrong(`it cannot have ${meta.entries} entries: it is too small`);
  }
  return {
    pageSize: meta.pageSize,
    pageCount,
    root: Number(meta.root),
    depth: meta.depth,
    entries: Number(meta.entries),
  };
}

function readMeta(source: ByteSource, offset: number) {
  if (offset + META_BYTES > source.size) return undefined;
  const bytes = new Uint8Array(META_BYTES);
  source.read(offset, bytes);
  const view = new DataView(bytes.buffer);
  const at = PAGE_HEADER;
  const pageSize = view.getUint32(at + 24, true);
  const valid = (view.getUint16(10, true) & META) !== 0 && view.getUint32(at, true) === MAGIC &&
    view.getUint32(at + 4, true) === 1 && pageSize >= 256 && pageSize <= 65536 &&
    (pageSize & (pageSize - 1)) === 0;
  return !valid ? undefined : {
    pageSize,
    flags: view.getUint16(at + 76, true),
    depth: view.getUint16(at + 78, true),
    entries: view.getBigUint64(at + 104, true),
    root: view.getBigUint64(at + 112, true),
    lastPage: view.getBigUint64(at + 120, true),
    transaction: view.getBigUint64(at + 128, true),
  };
}

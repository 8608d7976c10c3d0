/**
 * Reads LMDB files: the single unnamed B+ tree of an environment (`data.mdb`, data version 1, 64-bit
 * little-endian).
 *
 * Hand-written because the npm package `lmdb` crashes (segmentation fault) under Deno on environments
 * that Python's lmdb wrote.
 *
 * Layout as in LMDB 0.9's mdb.c: pages with a header of 16 bytes; two meta pages, of which the newer valid
 * one applies; branch and leaf pages with sorted nodes; values over the inline limit in runs of overflow
 * pages, which are read in one operation. Only a bounded number of pages is cached, so the file may be
 * larger than memory. Every page number, pointer and size is checked before use, and every page carries its
 * own number, so a damaged file causes an error, never a hang.
 */
import { type ByteSource, openBytes } from "./byte_source.ts";
import { decodeUtf8, type Wrong, wrongIn } from "./foreign_file.ts";
import { chooseMeta, PAGE_HEADER, type Tree } from "./lmdb_meta.ts";

export interface Lmdb extends Disposable {
  readonly file: string;
  readonly entryCount: number;
  /** Undefined if the key does not exist. The caller owns the bytes. */
  get(key: string): Uint8Array | undefined;
  /** All keys in byte order; the location of every value is checked along the way. */
  keys(): Generator<string>;
}

/** @throws {Complaint} when `folder` does not contain a readable LMDB file */
export function openLmdb(folder: string): Lmdb {
  const source = openBytes(`${folder}/data.mdb`);
  try {
    return readLmdb(source);
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

/** Reads the tree from any bytes; takes ownership of the source. */
export function readLmdb(source: ByteSource): Lmdb {
  const wrong = wrongIn(source.file);
  const tree = chooseMeta(source, wrong);
  const pages = pageReader(source, { ...tree, wrong });

  /** The leaf node with this key, if any. */
  function find(key: Uint8Array): Node | undefined {
    if (tree.depth === 0) return undefined;
    let page = pages.at(tree.root, { leaf: tree.depth === 1 });
    for (let level = 1; level < tree.depth; level++) {
      // The first node of a branch covers all keys below the second node's, whatever its own key is.
      let low = 1, high = page.count;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compareKeys(pages.node(page, middle).key, key) <= 0) low = middle + 1;
        else high = middle;
      }
      page = pages.at(pages.node(page, low - 1).child, { leaf: level + 1 === tree.depth });
    }
    let low = 0, high = page.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const node = pages.node(page, middle);
      const order = compareKeys(node.key, key);
      if (order === 0) return node;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  function* nodes(): Generator<Node> {
    if (tree.depth === 0) return;
    let visited = 0;
    const path: { page: Page; next: number }[] = [];
    const enter = (number: number) => {
      // Also ends the walk through a damaged file whose branches form a cycle.
      if (++visited > tree.pageCount) throw wrong("its tree refers to a page twice");
      path.push({ page: pages.at(number, { leaf: path.length + 1 === tree.depth }), next: 0 });
    };
    enter(tree.root);
    while (path.length > 0) {
      const top = path.at(-1)!;
      if (top.next === top.page.count) path.pop();
      else {
        const node = pages.node(top.page, top.next++);
        if (path.length === tree.depth) yield node;
        else enter(node.child);
      }
    }
  }

  return {
    file: source.file,
    entryCount: tree.entries,
    get(key) {
      const node = find(encoder.encode(key));
      return node === undefined ? undefined : pages.value(node);
    },
    *keys() {
      let count = 0;
      let previous: Uint8Array | undefined;
      for (const node of nodes()) {
        if (previous !== undefined && compareKeys(previous, node.key) >= 0) {
          throw wrong(`its keys are not in order at ${JSON.stringify(decoder.decode(node.key))}`);
        }
        pages.placeOfValue(node);
        count++;
        yield decodeUtf8(previous = node.key, (what) => wrong(`the name of an entry: ${what}`));
      }
      if (count !== tree.entries) {
        throw wrong(`its header says ${tree.entries} entries, ${count} were found`);
      }
    },
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}

const NODE_HEADER = 8;
/** Page flags. */
const BRANCH = 1, LEAF = 2, OVERFLOW = 4, KINDS = 0x6f;
/** Node flags. */
const BIG = 1, SUB_DATABASE = 2, DUPLICATES = 4;
/** Upper bound for a single read; far above the 1 MB of an image. */
const LARGEST_VALUE = 2 ** 28;

interface Page {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly leaf: boolean;
  /** Number of nodes. */
  readonly count: number;
}

interface Node {
  readonly page: Page;
  readonly key: Uint8Array;
  /** Child page; branches only. */
  readonly child: number;
  /** Leaves only. */
  readonly flags: number;
  readonly size: number;
  readonly valueStart: number;
}

/** Pages in the cache, the oldest evicted first: 16 MB at the usual page size. */
const KEPT_PAGES = 4096;

function pageReader(source: ByteSource, { pageSize, pageCount, wrong }: Tree & { wrong: Wrong }) {
  const kept = new Map<number, Page>();

  function at(number: number, { leaf }: { leaf: boolean }): Page {
    const known = kept.get(number);
    if (known !== undefined && known.leaf === leaf) return known;
    const bytes = new Uint8Array(pageSize);
    readAt(number, bytes);
    const view = new DataView(bytes.buffer);
    checkHeader(view, number, leaf ? LEAF : BRANCH);
    const lower = view.getUint16(12, true);
    const count = (lower - PAGE_HEADER) / 2;
    if (lower > pageSize || !Number.isInteger(count) || count < 1) {
      throw wrong(`page ${number} is damaged: it has no valid list of nodes`);
    }
    const page: Page = { number, bytes, view, leaf, count };
    if (kept.size >= KEPT_PAGES) kept.delete(kept.keys().next().value!);
    kept.set(number, page);
    return page;
  }

  function readAt(number: number, bytes: Uint8Array) {
    if (number < 2 || number * pageSize + bytes.length > pageCount * pageSize) {
      throw wrong(
        `page ${number} is referenced, but the file has ${pageCount} pages: it is truncated or damaged`,
      );
    }
    source.read(number * pageSize, bytes);
  }

  function checkHeader(view: DataView, number: number, kind: number) {
    const said = view.getBigUint64(0, true);
    const flags = view.getUint16(10, true) & KINDS;
    if (said !== BigInt(number) || flags !== kind) {
      throw wrong(`page ${number} is damaged: its header says page ${said} of kind ${flags}`);
    }
  }

  function node(page: Page, index: number): Node {
    const { view, bytes, leaf } = page;
    const start = view.getUint16(PAGE_HEADER + 2 * index, true);
    const keyStart = start + NODE_HEADER;
    const valueStart = keyStart <= pageSize ? keyStart + view.getUint16(start + 6, true) : Infinity;
    const low = valueStart <= pageSize ? view.getUint32(start, true) : 0;
    const flags = valueStart <= pageSize ? view.getUint16(start + 4, true) : 0;
    const inPage = !leaf ? 0 : (flags & BIG) !== 0 ? 8 : low;
    if (start < PAGE_HEADER + 2 * page.count || valueStart + inPage > pageSize) {
      throw wrong(`page ${page.number} is damaged: node ${index} is outside the page`);
    }
    const key = bytes.subarray(keyStart, valueStart);
    return { page, key, child: leaf ? 0 : flags * 2 ** 32 + low, flags, size: low, valueStart };
  }

  /** First overflow page of a value that is not stored inline; checks that the value is within the file. */
  function placeOfValue({ page, flags, size, valueStart, key }: Node): number | undefined {
    if ((flags & (SUB_DATABASE | DUPLICATES)) !== 0) {
      throw wrong(
        `${JSON.stringify(decoder.decode(key))} is a nested database, which is not supported`,
      );
    }
    if ((flags & BIG) === 0) return undefined;
    const number = Number(page.view.getBigUint64(valueStart, true));
    if (number < 2 || number * pageSize + PAGE_HEADER + size > pageCount * pageSize) {
      throw wrong(
        `the value of ${
          JSON.stringify(decoder.decode(key))
        } (${size} bytes from page ${number}) is ` +
          `outside the file's ${pageCount} pages: the file is truncated or damaged`,
      );
    }
    return number;
  }

  function value(node: Node): Uint8Array {
    const number = placeOfValue(node);
    if (node.size > LARGEST_VALUE) throw wrong(`a value of ${node.size} bytes is not supported`);
    if (number === undefined) {
      return node.page.bytes.slice(node.valueStart, node.valueStart + node.size);
    }
    const bytes = new Uint8Array(PAGE_HEADER + node.size);
    readAt(number, bytes);
    const view = new DataView(bytes.buffer);
    checkHeader(view, number, OVERFLOW);
    if (view.getUint32(12, true) * pageSize < bytes.length) {
      throw wrong(`page ${number} is damaged: its run of overflow pages is shorter than its value`);
    }
    return bytes.subarray(PAGE_HEADER);
  }

  return { at, node, placeOfValue, value };
}

/** Lexicographic byte order; a prefix comes first. */
function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Writes LMDB environments in liblmdb's layout, bottom up in one pass: overflow runs and leaf pages in key
 * order, then the branches, and the meta pages last.
 *
 * Hand-written because the npm package `lmdb` crashes under Deno; a tree that is written once needs no
 * transactions.
 */
import { Buffer } from "node:buffer";

const PAGE_HEADER = 16, NODE_HEADER = 8;
const BRANCH = 1, LEAF = 2, OVERFLOW = 4, META = 8, BIG = 1;
const encoder = new TextEncoder();

interface Node {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly flags: number;
  /** Size field of the node: the size of the value, or in a branch the low 32 bits of the page number. */
  readonly size: number;
}

/** In bytes; liblmdb's limit. */
export const longestLmdbKey = 511;

/**
 * Writes a new environment and flushes it to disk.
 *
 * @param folder created if it does not exist
 * @param entries in byte order of their unique keys; consumed lazily
 */
export function writeLmdb(
  folder: string,
  entries: Iterable<readonly [key: string, value: Uint8Array]>,
  { pageSize = 4096 }: { readonly pageSize?: number } = {},
): void {
  Deno.mkdirSync(folder, { recursive: true });
  using file = Deno.openSync(`${folder}/data.mdb`, { write: true, create: true, truncate: true });
  const put = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  };
  put(new Uint8Array(2 * pageSize));
  let nextPage = 2;
  const counts = { branch: 0, leaf: 0, overflow: 0, entries: 0 };
  const inlineLimit = (((pageSize - PAGE_HEADER) / 2) & -2) - 2;

  const writeNodes = (nodes: readonly Node[], kind: number): number => {
    put(page({ number: nextPage, kind, nodes, pageSize }));
    counts[kind === LEAF ? "leaf" : "branch"]++;
    return nextPage++;
  };
  const writeRun = (value: Uint8Array): number => {
    const pages = Math.ceil((PAGE_HEADER + value.length) / pageSize);
    const run = new Uint8Array(pages * pageSize);
    const view = header(run, { number: nextPage, kind: OVERFLOW });
    view.setUint32(12, pages, true);
    run.set(value, PAGE_HEADER);
    put(run);
    counts.overflow += pages;
    nextPage += pages;
    return nextPage - pages;
  };
  let previous: Uint8Array | undefined;
  const toLeafNode = ([name, value]: readonly [string, Uint8Array]): Node => {
    counts.entries++;
    const key = encoder.encode(name);
    if (key.length === 0 || key.length > longestLmdbKey) {
      throw new RangeError(`internal: a key has ${key.length} bytes`);
    }
    if (previous !== undefined && Buffer.compare(previous, key) >= 0) {
      throw new RangeError(`internal: the key ${JSON.stringify(name)} is not in order`);
    }
    previous = key;
    if (NODE_HEADER + key.length + value.length <= inlineLimit) {
      return { key, value, flags: 0, size: value.length };
    }
    const number = new Uint8Array(8);
    new DataView(number.buffer).setBigUint64(0, BigInt(writeRun(value)), true);
    return { key, value: number, flags: BIG, size: value.length };
  };

  let level = packed(mapped(entries, toLeafNode), { pageSize, write: (n) => writeNodes(n, LEAF) });
  let depth = Math.min(level.length, 1);
  while (level.length > 1) {
    const children = level.map(({ key, number }, index): Node => ({
      key: index === 0 ? new Uint8Array() : key,
      value: new Uint8Array(),
      flags: Math.floor(number / 2 ** 32),
      size: number % 2 ** 32,
    }));
    level = packed(children, { pageSize, write: (nodes) => writeNodes(nodes, BRANCH) });
    depth++;
  }
  file.seekSync(0, Deno.SeekMode.Start);
  const root = level[0] === undefined ? 2n ** 64n - 1n : BigInt(level[0].number);
  for (const number of [0, 1]) {
    const bytes = new Uint8Array(pageSize);
    const view = header(bytes, { number, kind: META });
    view.setUint32(16, 0xbeefc0de, true);
    view.setUint32(20, 1, true);
    view.setBigUint64(32, BigInt(nextPage * pageSize), true);
    view.setUint32(40, pageSize, true);
    view.setBigUint64(80, 2n ** 64n - 1n, true); // no free pages
    view.setUint16(94, depth, true);
    [counts.branch, counts.leaf, counts.overflow, counts.entries].forEach((count, index) =>
      view.setBigUint64(96 + 8 * index, BigInt(count), true)
    );
    view.setBigUint64(128, root, true);
    view.setBigUint64(136, BigInt(nextPage - 1), true);
    view.setBigUint64(144, BigInt(number), true); // transaction number: the second meta page is the newer one
    put(bytes);
  }
  file.syncSync();
}

/** Packs nodes into pages as they arrive. Returns the first key and the number of each page. */
function packed(
  nodes: Iterable<Node>,
  { pageSize, write }: { pageSize: number; write: (nodes: readonly Node[]) => number },
): { key: Uint8Array; number: number }[] {
  const pages: { key: Uint8Array; number: number }[] = [];
  let full: Node[] = [];
  let used = PAGE_HEADER;
  const flush = () => {
    if (full.length > 0) pages.push({ key: full[0]!.key, number: write(full) });
    full = [];
    used = PAGE_HEADER;
  };
  for (const node of nodes) {
    if (used + nodeBytes(node) + 2 > pageSize) flush();
    full.push(node);
    used += nodeBytes(node) + 2;
  }
  flush();
  return pages;
}

const nodeBytes = ({ key, value }: Node) => (NODE_HEADER + key.length + value.length + 1) & ~1;

function page(
  { number, kind, nodes, pageSize }: {
    number: number;
    kind: number;
    nodes: readonly Node[];
    pageSize: number;
  },
): Uint8Array {
  const bytes = new Uint8Array(pageSize);
  const view = header(bytes, { number, kind });
  let upper = pageSize;
  nodes.forEach((node, index) => {
    upper -= nodeBytes(node);
    view.setUint16(PAGE_HEADER + 2 * index, upper, true);
    view.setUint32(upper, node.size, true);
    view.setUint16(upper + 4, node.flags, true);
    view.setUint16(upper + 6, node.key.length, true);
    bytes.set(node.key, upper + NODE_HEADER);
    bytes.set(node.value, upper + NODE_HEADER + node.key.length);
  });
  view.setUint16(12, PAGE_HEADER + 2 * nodes.length, true);
  view.setUint16(14, upper, true);
  return bytes;
}

function header(bytes: Uint8Array, { number, kind }: { number: number; kind: number }): DataView {
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(number), true);
  view.setUint16(10, kind, true);
  return view;
}

function* mapped<From, To>(items: Iterable<From>, change: (item: From) => To): Generator<To> {
  for (const item of items) yield change(item);
}

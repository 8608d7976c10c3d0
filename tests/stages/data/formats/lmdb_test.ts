import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { bytesInMemory } from "../../../../stages/data/formats/byte_source.ts";
import { openLmdb, readLmdb } from "../../../../stages/data/formats/lmdb.ts";
import { goldenFile } from "../../../support/goldens.ts";
import { writeLmdb } from "../../../../stages/data/formats/lmdb_writer.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const entries = fc.uniqueArray(
  fc.tuple(fc.string({ minLength: 1, maxLength: 30 }), fc.uint8Array({ maxLength: 700 })),
  { selector: ([key]) => new TextDecoder().decode(new TextEncoder().encode(key)), maxLength: 120 },
).map((pairs) =>
  pairs.map(([key, value]) => [key.toWellFormed(), value] as const)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
);

Deno.test("entries are found by key and listed in byte order of their keys", () => {
  using folder = temporaryFolder();
  const pageSizes = fc.constantFrom(256, 512, 4096, 65536);
  fc.assert(
    fc.property(entries, pageSizes, fc.string(), (pairs, pageSize, other) => {
      writeLmdb(folder.path, pairs, { pageSize });
      using database = openLmdb(folder.path);
      assert.equal(database.entryCount, pairs.length);
      assert.deepEqual([...database.keys()], pairs.map(([key]) => key));
      for (const [key, value] of pairs) assert.deepEqual(database.get(key), value);
      if (!pairs.some(([key]) => key === other)) assert.equal(database.get(other), undefined);
    }),
    { numRuns: 150 },
  );
});

Deno.test("a tree of many levels is read", () => {
  using folder = temporaryFolder();
  const names = Array.from({ length: 5000 }, (_, index) => `key ${100_000 + index}`);
  const text = (name: string) => new TextEncoder().encode(name);
  writeLmdb(folder.path, names.map((name) => [name, text(name)] as const), { pageSize: 256 });
  using database = openLmdb(folder.path);
  assert.deepEqual([...database.keys()], names);
  for (const name of names) assert.deepEqual(database.get(name), text(name));
});

Deno.test("writeLmdb() refuses keys that LMDB could not find again", () => {
  using folder = temporaryFolder();
  const write = (...names: string[]) => () =>
    writeLmdb(folder.path, names.map((name) => [name, new Uint8Array()]));
  assert.throws(write("b", "a"), /^RangeError: internal: the key "a" is not in order$/);
  assert.throws(write("a", "a"), /is not in order$/);
  assert.throws(write("k".repeat(512)), /^RangeError: internal: a key has 512 bytes$/);
  assert.throws(write(""), /^RangeError: internal: a key has 0 bytes$/);
  write("k".repeat(511))();
});

Deno.test("values beyond 8 GB are read", () => {
  using folder = temporaryFolder();
  const value = Uint8Array.from({ length: 5000 }, (_, index) => index % 251);
  writeLmdb(folder.path, [["far", value]]);
  {
    using file = Deno.openSync(`${folder.path}/data.mdb`, { read: true, write: true });
    const pages = new Uint8Array(5 * 4096); // two meta pages, a run of two pages, a leaf
    file.readSync(pages);
    const far = 2_000_001;
    const view = new DataView(pages.buffer);
    view.setBigUint64(2 * 4096, BigInt(far), true);
    const leaf = pages.subarray(4 * 4096);
    const number = 4 * 4096 + leaf.lastIndexOf(2); // the run's page, at the end of the leaf's node
    view.setBigUint64(number, BigInt(far), true);
    file.seekSync(0, Deno.SeekMode.Start);
    file.writeSync(pages);
    file.seekSync(far * 4096, Deno.SeekMode.Start);
    file.writeSync(pages.subarray(2 * 4096, 4 * 4096));
  }
  using database = openLmdb(folder.path);
  assert.deepEqual([...database.keys()], ["far"]);
  assert.deepEqual(database.get("far"), value);
});

function file(pairs: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  using folder = temporaryFolder();
  writeLmdb(folder.path, pairs);
  return Deno.readFileSync(`${folder.path}/data.mdb`);
}

const open = (bytes: Uint8Array) => readLmdb(bytesInMemory(bytes, "data.mdb"));
const META = 16; // after the page's header
const ROOT = META + 112, TRANSACTION = META + 128;

Deno.test("the newer meta page is used, or the older one if the newer is damaged", () => {
  const bytes = file([["a", new Uint8Array(3)]]);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(TRANSACTION, 7n, true);
  view.setBigUint64(ROOT, 999n, true); // The first meta page is newer now, and its root does not exist.
  assert.throws(() => open(bytes).get("a"), /page 999 is referenced, but the file has 3 pages/);
  view.setUint32(META, 0, true); // its magic number
  assert.deepEqual(open(bytes).get("a"), new Uint8Array(3));
});

Deno.test("a cycle in the tree is an error", () => {
  const bytes = file(Array.from({ length: 300 }, (_, i) => [`${1000 + i}`, new Uint8Array(40)]));
  const root = Number(new DataView(bytes.buffer).getBigUint64(4096 + ROOT, true));
  const branch = new DataView(bytes.buffer, root * 4096, 4096);
  for (let node = 16; node < branch.getUint16(12, true); node += 2) {
    branch.setUint32(branch.getUint16(node, true), root, true);
  }
  assert.throws(() => [...open(bytes).keys()], Complaint);
  assert.throws(() => open(bytes).get("1200"), /its header says page \d+ of kind 1/);
});

Deno.test("a truncated file is an error when it is opened, even if only one byte is missing", () => {
  const bytes = Deno.readFileSync(
    goldenFile("img_db/toy/feat_th0.2_max100_min10/data.mdb"),
  );
  for (const length of [bytes.length / 2, bytes.length - 1]) {
    assert.throws(
      () => open(bytes.subarray(0, length)),
      /it is truncated: it has \d+ complete pages/,
    );
  }
});

Deno.test("other files are refused with their name", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/data.mdb`, "no database".repeat(1000));
  assert.throws(() => openLmdb(folder.path), (error: Complaint) => {
    assert.equal(
      error.toString(),
      "error: this is not an LMDB file of data version 1 (64-bit, little-endian)\n" +
        `  --> ${folder.path}/data.mdb\n` +
        "fix: download the file again and compare its checksum, or recreate it",
    );
    return true;
  });
  assert.throws(() => openLmdb(`${folder.path}/absent`), Complaint);
});

import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { joinBytes } from "../../../../stages/data/formats/byte_source.ts";
import { storedZip } from "../../../../stages/data/formats/stored_zip.ts";
import { readCheckpoint } from "../../../../stages/model/checkpoint/checkpoint.ts";
import type { HostWeights } from "../../../../stages/model/weights.ts";
import { bytesFrom, pickleOf, type TensorParts, zipOf } from "../../../support/pytorch_files.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const numbers = Float32Array.of(1, 2, 3, 4, 5, 6);
const storage = new Uint8Array(numbers.buffer);

async function read(content: Uint8Array): Promise<HostWeights> {
  using folder = temporaryFolder();
  await Deno.writeFile(`${folder.path}/x.pt`, content);
  return await readCheckpoint(`${folder.path}/x.pt`);
}

async function complaint(content: Uint8Array): Promise<string> {
  const error = await read(content).then(() => "no complaint", (error: unknown) => error);
  assert.ok(error instanceof Complaint, String(error));
  return error.what;
}

const valuesOf = async (
  parts: TensorParts,
  members: Record<string, Uint8Array>,
) => [...(await read(zipOf(pickleOf({ a: { length: 6, ...parts } }), members)))["a"]!.values];

const six = pickleOf({ a: { length: 6 } });
const good = zipOf(six, { "data/0": storage });

Deno.test("readCheckpoint() follows strides: transposed, sliced, stepped, scalar, empty", async () => {
  const members = { "data/0": storage };
  assert.deepEqual(await valuesOf({ shape: [3, 2], strides: [1, 3] }, members), [1, 4, 2, 5, 3, 6]);
  assert.deepEqual(
    await valuesOf({ offset: 1, shape: [2, 2], strides: [3, 1] }, members),
    [2, 3, 5, 6],
  );
  assert.deepEqual(await valuesOf({ shape: [3], strides: [2] }, members), [1, 3, 5]);
  assert.deepEqual(await valuesOf({ offset: 5, shape: [], strides: [] }, members), [6]);
  assert.deepEqual(await valuesOf({ shape: [2, 0], strides: [7, 9] }, members), []);
  assert.deepEqual(await valuesOf({ shape: [1, 6], strides: [999, 1] }, members), [...numbers]);
});

Deno.test("readCheckpoint() reads tensors that share a storage once, into one array", async () => {
  const shared = pickleOf({
    word: { length: 6 },
    decoder: { length: 6, shape: [2, 3], strides: [3, 1] },
  });
  const weights = await read(zipOf(shared, { "data/0": storage }));
  assert.equal(weights["word"]!.values, weights["decoder"]!.values);
  assert.deepEqual(weights["decoder"]!.shape, [2, 3]);
});

Deno.test("readCheckpoint() widens float16, bfloat16 and float64", async () => {
  const expected = [1, -2.5, 0, 65504];
  const words = new Uint32Array(Float32Array.from(expected).buffer);
  const members = {
    HalfStorage: new Uint8Array(Float16Array.from(expected).buffer),
    BFloat16Storage: new Uint8Array(Uint16Array.from(words, (word) => word >>> 16).buffer),
    DoubleStorage: new Uint8Array(Float64Array.from(expected).buffer),
  };
  for (const [type, bytes] of Object.entries(members)) {
    const found = await valuesOf({ storage: type, length: 4 }, { "data/0": bytes });
    const exact = type === "BFloat16Storage" ? [1, -2.5, 0, 65280] : expected;
    assert.deepEqual(found, exact, type);
  }
});

Deno.test("readCheckpoint() reads an archive with sizes in zip64 fields", async () => {
  assert.deepEqual(await read(asZip64(good)), await read(good));
});

Deno.test("readCheckpoint() accepts an archive without any checksum, which PyTorch can be set to write", async () => {
  assert.deepEqual(await read(withoutChecksums(good, () => true)), await read(good));
});

Deno.test("readCheckpoint() refuses an archive where some checksums are missing", async () => {
  const some = withoutChecksums(good, (name) => name.endsWith("/data/0"));
  assert.match(await complaint(some), /archive\/data\/0: its checksum is wrong/);
});

Deno.test("readCheckpoint() detects every flipped bit in pickle and storage", async () => {
  for (const content of [six, storage]) {
    const start = placeOf(good, content);
    for (let bit = 0; bit < 8 * content.length; bit += 5) {
      const damaged = good.slice();
      damaged[start + (bit >> 3)]! ^= 1 << (bit & 7);
      assert.match(await complaint(damaged), /its checksum is wrong: the file is damaged/);
    }
  }
});

Deno.test("readCheckpoint() detects members whose names are swapped in the central directory", async () => {
  const pickle = pickleOf({ a: { length: 6 }, b: { length: 6, key: "1" } });
  const swapped = zipOf(pickle, { "data/0": storage, "data/1": storage.toReversed() });
  for (const { nameEnd, name } of directoryOf(swapped)) {
    if (name.includes("/data/")) swapped[nameEnd - 1]! ^= 1; // "0" is "1", and "1" is "0"
  }
  assert.match(await complaint(swapped), /its name differs from the central directory/);
});

const wrong: Record<string, readonly [content: Uint8Array, says: RegExp]> = {
  "numbers of the other endianness": [
    zipOf(six, { "data/0": storage, byteorder: bytesFrom("big") }),
    /its numbers are "big"-endian/,
  ],
  "a missing storage": [zipOf(six), /storage "0" is not in the file/],
  "a storage that is too short": [
    zipOf(six, { "data/0": storage.slice(4) }),
    /archive\/data\/0 has 20 bytes; its tensors need 24/,
  ],
  "a storage that is too long": [
    zipOf(six, { "data/0": joinBytes([storage, storage]) }),
    /has 48 bytes; its tensors need 24/,
  ],
  "bytes after the pickle": [
    zipOf(joinBytes([six, storage]), { "data/0": storage }),
    /its pickle ends before data.pkl does/,
  ],
  "a TorchScript program": [
    zipOf(six, { "data/0": storage, "constants.pkl": six }),
    /a TorchScript program/,
  ],
  "two checkpoints": [archive({ "a/data.pkl": six, "b/data.pkl": six }), /has 2 checkpoints/],
  "something else": [archive({ "a.txt": six }), /not a PyTorch checkpoint: it has no data.pkl/],
  "a duplicate member": [twice(good), /duplicate member "archive\/data\/0"/],
  "a truncated end": [good.slice(0, -30), /the end of the zip archive is missing/],
  "many tensors that are parts of one storage": [
    zipOf(
      pickleOf(Object.fromEntries(
        Array.from({ length: 2000 }, (_, i) => [`t${i}`, { length: 5000, shape: [4999] }]),
      )),
      { "data/0": new Uint8Array(20_000) },
    ),
    /too many parts of the same storages/,
  ],
};
for (const [what, [content, says]] of Object.entries(wrong)) {
  Deno.test(`readCheckpoint() refuses an archive with ${what}`, async () => {
    assert.match(await complaint(content), says);
  });
}

Deno.test("readCheckpoint() refuses overlapping members, which could take more memory than the file's size", async () => {
  const many = archive(Object.fromEntries(
    ["archive/data.pkl", ...Array.from({ length: 50 }, (_, i) => `archive/data/${i}`)]
      .map((name, i) => [name, i === 1 ? new Uint8Array(5000) : new Uint8Array()]),
  ));
  for (const { at, name } of directoryOf(many)) {
    if (!name.includes("/data/")) continue;
    const view = new DataView(many.buffer);
    view.setUint32(at + 20, 5000, true);
    view.setUint32(at + 24, 5000, true);
    view.setUint32(at + 42, directoryOf(many)[1]!.header, true);
  }
  assert.match(await complaint(many), /is outside the file/);
});

function archive(members: Record<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  return joinBytes(storedZip(Object.entries(members), { alignment: 4 }));
}

/** The central directory of an archive: where each entry is, and its local header. */
function directoryOf(bytes: Uint8Array<ArrayBuffer>) {
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  let at = view.getUint32(end + 16, true);
  return Array.from({ length: view.getUint16(end + 10, true) }, () => {
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, nameEnd));
    const entry = { at, name, nameEnd, header: view.getUint32(at + 42, true) };
    at = nameEnd;
    return entry;
  });
}

function withoutChecksums(bytes: Uint8Array<ArrayBuffer>, chosen: (name: string) => boolean) {
  const result = bytes.slice();
  for (const { at, name } of directoryOf(result)) {
    if (chosen(name)) new DataView(result.buffer).setUint32(at + 16, 0, true);
  }
  return result;
}

/** Sizes, offsets and the directory itself given only by 64-bit numbers. */
function asZip64(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer);
  const entries = directoryOf(bytes);
  const list = entries.map(({ at, nameEnd }) => {
    const [packed, size, header] = [20, 24, 42].map((field) => view.getUint32(at + field, true));
    const extra = new Uint8Array(28);
    const numbers = new DataView(extra.buffer);
    numbers.setUint16(0, 1, true);
    numbers.setUint16(2, 24, true);
    [size!, packed!, header!].forEach((value, i) => {
      numbers.setBigUint64(4 + 8 * i, BigInt(value), true);
    });
    const entry = bytes.slice(at, nameEnd);
    const fields = new DataView(entry.buffer);
    for (const field of [20, 24, 42]) fields.setUint32(field, 0xffffffff, true);
    fields.setUint16(30, extra.length, true);
    return joinBytes([entry, extra]);
  });
  const start = entries[0]!.at;
  const directory = joinBytes(list);
  const end64 = new Uint8Array(76);
  const record = new DataView(end64.buffer);
  record.setUint32(0, 0x06064b50, true);
  record.setBigUint64(4, 44n, true);
  for (const field of [24, 32]) record.setBigUint64(field, BigInt(entries.length), true);
  record.setBigUint64(40, BigInt(directory.length), true);
  record.setBigUint64(48, BigInt(start), true);
  record.setUint32(56, 0x07064b50, true);
  record.setBigUint64(64, BigInt(start + directory.length), true);
  record.setUint32(72, 1, true);
  const end = bytes.slice(-22).fill(0xff, 8, 20);
  return joinBytes([bytes.subarray(0, start), directory, end64, end]);
}

/** The directory lists data/0 twice. */
function twice(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const last = directoryOf(bytes).find(({ name }) => name.endsWith("/data/0"))!;
  const end = bytes.slice(-22);
  const view = new DataView(end.buffer);
  view.setUint16(10, view.getUint16(10, true) + 1, true);
  view.setUint32(12, view.getUint32(12, true) + last.nameEnd - last.at, true);
  return joinBytes([bytes.subarray(0, -22), bytes.subarray(last.at, last.nameEnd), end]);
}

function placeOf(bytes: Uint8Array, part: Uint8Array): number {
  const place = bytes.findIndex((_, start) => part.every((byte, i) => bytes[start + i] === byte));
  assert.ok(place >= 0);
  return place;
}

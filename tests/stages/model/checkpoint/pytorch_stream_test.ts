import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { joinBytes } from "../../../../stages/data/formats/byte_source.ts";
import { readCheckpoint } from "../../../../stages/model/checkpoint/checkpoint.ts";
import type { HostWeights } from "../../../../stages/model/weights.ts";
import { bytesFrom, pickleOf, streamOf } from "../../../support/pytorch_files.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const numbers = Float32Array.of(1, 2, 3, 4);
const bytes = new Uint8Array(numbers.buffer);
const four = { count: 4, bytes };

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

const good = streamOf(pickleOf({ a: {}, b: { key: "1", length: 2 } }), {
  1: { count: 2, bytes: bytes.slice(8) },
  0: four,
});

Deno.test("readCheckpoint() finds storages in the order of their list of keys", async () => {
  assert.deepEqual(await read(good), {
    a: { shape: [4], values: numbers },
    b: { shape: [2], values: Float32Array.of(3, 4) },
  });
});

Deno.test("readCheckpoint() reads a part of a storage, which old streams can name", async () => {
  const part = "(X\x04\x00\x00\x00partK\x01K\x02t";
  const pickle = "\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n((" +
    "X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04" +
    `${part}tQK\x01K\x01\x85K\x01\x85\x89}tRs.`;
  const weights = await read(streamOf(bytesFrom(pickle), { 0: four }));
  assert.deepEqual(weights, { a: { shape: [1], values: Float32Array.of(3) } });
  const beyond = pickle.replace("K\x01K\x02t", "K\x03K\x02t");
  assert.match(
    await complaint(streamOf(bytesFrom(beyond), { 0: four })),
    /a part of storage "0" lies outside of it/,
  );
});

Deno.test("readCheckpoint() refuses a stream that is truncated at any byte, or longer than it says", async () => {
  for (let length = 0; length < good.length; length++) {
    await complaint(good.slice(0, length));
  }
  assert.match(
    await complaint(joinBytes([good, bytes])),
    /16 bytes at its end belong to no storage/,
  );
});

const pickle = pickleOf({ a: {} });
const wrong: Record<string, readonly [content: Uint8Array, says: RegExp]> = {
  "too few storages": [streamOf(pickle), /lists 0 storages, its tensors have 1/],
  "a storage with another name": [streamOf(pickle, { 7: four }), /no tensor has storage "7"/],
  "another count": [streamOf(pickle, { 0: { count: 5, bytes } }), /"0" has 5 items, not 4/],
  "a count of 2^62": [streamOf(pickle, { 0: { count: 2 ** 62, bytes } }), /items, not 4/],
  "a negative count": [streamOf(pickle, { 0: { count: -4, bytes } }), /"0" has -4 items, not 4/],
  "a storage of 2 GB in a file of few bytes": [
    streamOf(pickleOf({ a: { length: 2 ** 29 } }), { 0: { count: 2 ** 29, bytes } }),
    /it is cut short: 2147483632 bytes or more are missing/,
  ],
  "numbers of the other endianness": [
    replaced(good, "little_endian\x88", "little_endian\x89"),
    /not little-endian/,
  ],
  "another protocol": [
    replaced(good, "M\xe9\x03", "M\xea\x03"),
    /protocol is 1002; only 1001 can be/,
  ],
  "another magic number": [
    replaced(good, "\x6c\xfc", "\x6d\xfc"),
    /not written by torch.save/,
  ],
  "a pickle of something else": [bytesFrom("\x80\x04K\x05."), /not written by torch.save/],
};
for (const [what, [content, says]] of Object.entries(wrong)) {
  Deno.test(`readCheckpoint() refuses a stream with ${what}`, async () => {
    assert.match(await complaint(content), says);
  });
}

function replaced(content: Uint8Array, what: string, by: string): Uint8Array {
  const letters = String.fromCharCode(...content);
  assert.ok(letters.includes(what));
  return bytesFrom(letters.replace(what, by));
}

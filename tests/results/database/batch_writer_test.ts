import assert from "node:assert/strict";
import { batchWriter } from "../../../results/database/batch_writer.ts";

Deno.test("notes added while a batch is written go into the next one together", async () => {
  const batches: number[][] = [];
  const later: Promise<void>[] = [];
  const writer = batchWriter<number>({
    write(notes) {
      batches.push([...notes]);
      if (notes.includes(1)) later.push(writer.add(3), writer.add(4));
      return Promise.resolve([]);
    },
    pace: 1,
  });
  await Promise.all([writer.add(1), writer.add(2)]);
  await Promise.all(later);
  assert.deepEqual(batches, [[1, 2], [3, 4]]);
});

Deno.test("notes that could not be written go first in the next batch, or are written by settled()", async () => {
  const batches: number[][] = [];
  const writer = batchWriter<number>({
    write(notes) {
      batches.push([...notes]);
      return Promise.resolve(batches.length === 2 ? [] : notes);
    },
    pace: 1,
  });
  await writer.add(1);
  await writer.add(2);
  await writer.add(3);
  await writer.settled();
  assert.deepEqual(batches, [[1], [1, 2], [3], [3]]);
});

Deno.test("an error rejects the notes of its batch and no others", async () => {
  const writer = batchWriter<number>({
    write: (notes) => notes.includes(2) ? Promise.reject(new Error("no")) : Promise.resolve([]),
    pace: 1,
  });
  await writer.add(1);
  await assert.rejects(writer.add(2), /^Error: no$/);
  await writer.add(3);
  await writer.settled();
});

Deno.test("settled() does not wait for the pause between two batches", async () => {
  let written = 0;
  const writer = batchWriter<number>({
    write(notes) {
      written += notes.length;
      return Promise.resolve([]);
    },
    pace: 1e9,
  });
  await writer.add(1);
  void writer.add(2);
  await writer.settled();
  assert.equal(written, 2);
});

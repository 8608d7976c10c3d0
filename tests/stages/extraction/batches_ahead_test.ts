import assert from "node:assert/strict";
import { inBatches } from "../../../stages/extraction/batches_ahead.ts";

/** Decoders that end when they are told to, and how many are at work. */
function controlled() {
  const doors = new Map<string, { open: () => void; fail: (why: Error) => void }>();
  const state = { atWork: 0 };
  const decode = async (item: string) => {
    state.atWork++;
    try {
      await new Promise<void>((open, fail) => doors.set(item, { open, fail }));
      return item.toUpperCase();
    } finally {
      state.atWork--;
    }
  };
  return { doors, state, decode };
}

Deno.test("batches come in order, the next being decoded while one is worked on", async () => {
  const { doors, decode } = controlled();
  const batches = inBatches(["a", "b", "c"], 2, decode);
  const first = batches.next();
  assert.deepEqual([...doors.keys()], ["a", "b"]);
  doors.get("b")!.open();
  doors.get("a")!.open();
  const { value } = await first;
  assert.deepEqual(value, [{ place: 0, result: "A" }, { place: 1, result: "B" }]);
  assert.deepEqual([...doors.keys()], ["a", "b", "c"]);
  doors.get("c")!.open();
  assert.deepEqual((await batches.next()).value, [{ place: 2, result: "C" }]);
  assert.equal((await batches.next()).done, true);
});

Deno.test("of several failures the first in order is told, when nothing is decoded any more", async () => {
  const { doors, state, decode } = controlled();
  const failed = assert.rejects(inBatches(["a", "b", "c"], 3, decode).next(), /^Error: of b$/);
  doors.get("c")!.fail(new Error("of c"));
  await Promise.resolve();
  doors.get("b")!.fail(new Error("of b"));
  await Promise.resolve();
  assert.equal(state.atWork, 1);
  doors.get("a")!.open();
  await failed;
  assert.equal(state.atWork, 0);
});

Deno.test("who leaves in the middle leaves nothing behind that is still decoded", async () => {
  const { doors, state, decode } = controlled();
  const use = (async () => {
    for await (const _ of inBatches(["a", "b", "c", "d"], 2, decode)) break;
    return state.atWork;
  })();
  for (const item of ["a", "b"]) doors.get(item)!.open();
  while (doors.size < 4) await Promise.resolve();
  for (const item of ["c", "d"]) doors.get(item)!.fail(new Error("late"));
  assert.equal(await use, 0);
});

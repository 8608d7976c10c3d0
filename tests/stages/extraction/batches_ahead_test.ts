import assert from "node:assert/strict";
import { inBatches } from "../../../stages/extraction/batches_ahead.ts";

/** Decoders that finish on demand, and the number of running ones. */
function controlled() {
  const doors = new Map<string, { open: () => void; fail: (why: Error) => void }>();
  const state = { running: 0 };
  const decode = async (item: string) => {
    state.running++;
    try {
      await new Promise<void>((open, fail) => doors.set(item, { open, fail }));
      return item.toUpperCase();
    } finally {
      state.running--;
    }
  };
  return { doors, state, decode };
}

Deno.test("inBatches() yields batches in order and decodes the next one ahead", async () => {
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

Deno.test("inBatches() throws the first of several failures after all decoding has ended", async () => {
  const { doors, state, decode } = controlled();
  const failed = assert.rejects(inBatches(["a", "b", "c"], 3, decode).next(), /^Error: of b$/);
  doors.get("c")!.fail(new Error("of c"));
  await Promise.resolve();
  doors.get("b")!.fail(new Error("of b"));
  await Promise.resolve();
  assert.equal(state.running, 1);
  doors.get("a")!.open();
  await failed;
  assert.equal(state.running, 0);
});

Deno.test("leaving inBatches() early waits until all decoding has ended", async () => {
  const { doors, state, decode } = controlled();
  const use = (async () => {
    for await (const _ of inBatches(["a", "b", "c", "d"], 2, decode)) break;
    return state.running;
  })();
  for (const item of ["a", "b"]) doors.get(item)!.open();
  while (doors.size < 4) await Promise.resolve();
  for (const item of ["c", "d"]) doors.get(item)!.fail(new Error("late"));
  assert.equal(await use, 0);
});

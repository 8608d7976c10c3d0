import fc from "fast-check";
import assert from "node:assert/strict";
import { decodingBytes, memoryLimit } from "../../../stages/vision/decoding_memory.ts";

const header = {
  width: 1000,
  height: 500,
  channels: 3 as const,
  depth: "uchar" as const,
  isProgressive: false,
};
const bytes = (more: Partial<Parameters<typeof decodingBytes>[0]>) =>
  decodingBytes({ ...header, format: "png", ...more });

Deno.test("what is decoded as a whole takes more memory than what is read row by row", () => {
  const interlaced = bytes({ isProgressive: true });
  assert.ok(bytes({}) < interlaced);
  assert.equal(bytes({ isProgressive: true, depth: "ushort" }), 2 * interlaced);
  assert.ok(interlaced >= 1000 * 500 * 3);
  assert.ok(bytes({ format: "heif" }) > 3 * bytes({ format: "webp" }));
  assert.equal(bytes({ format: "jpeg" }), 1000 * 500 * 3 * 2);
  assert.equal(bytes({ format: "gif" }), 1000 * 500 * 5);
});

Deno.test("work at once never takes more than the limit, begins in order and releases what it took", async () => {
  const piece = fc.record({ size: fc.nat(10), turns: fc.nat(4), fails: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
    const limit = memoryLimit(10);
    const begun: number[] = [];
    let taken = 0;
    const work = pieces.map(({ size, turns, fails }, place) =>
      limit.within(size, async () => {
        begun.push(place);
        taken += size;
        assert.ok(taken <= 10, `${taken} bytes at once`);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        taken -= size;
        if (fails) throw new Error(`${place}`);
        return place;
      })
    );
    const results = await Promise.allSettled(work);
    assert.deepEqual(begun, pieces.map((_, place) => place));
    assert.deepEqual(
      results.map((result) => result.status === "fulfilled" ? result.value : result.reason.message),
      pieces.map(({ fails }, place) => fails ? `${place}` : place),
    );
    assert.equal(await limit.within(10, () => Promise.resolve("all of it")), "all of it");
  }));
});

Deno.test("work that fits beside other work runs at the same time; more than the limit is refused", async () => {
  const limit = memoryLimit(10);
  const { promise: both, resolve } = Promise.withResolvers<void>();
  let running = 0;
  const meet = async () => {
    if (++running === 2) resolve();
    await both;
  };
  await Promise.all([limit.within(5, meet), limit.within(5, meet)]);
  await assert.rejects(limit.within(11, meet), RangeError);
});

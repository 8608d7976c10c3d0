import assert from "node:assert/strict";
import fc from "fast-check";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import {
  readSafetensors,
  type StoredType,
  type WritableTensor,
  writeSafetensors,
} from "../../../../stages/data/formats/safetensors.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

const makers: Record<StoredType, (numbers: number[]) => WritableTensor["data"]> = {
  F32: (numbers) => Float32Array.from(numbers),
  F64: (numbers) => Float64Array.from(numbers),
  I32: (numbers) => Int32Array.from(numbers),
  I64: (numbers) => BigInt64Array.from(numbers, (n) => BigInt(n) * 2n ** 40n),
  F16: (numbers) => Uint16Array.from(numbers),
  BF16: (numbers) => Uint16Array.from(numbers),
  U8: (numbers) => Uint8Array.from(numbers),
};

const tensors = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 12 }).filter((name) => name !== "__metadata__"),
  fc.record({
    dtype: fc.constantFrom(...Object.keys(makers) as StoredType[]),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    seed: fc.nat(1000),
  }),
  { maxKeys: 5 },
).map((entries) =>
  new Map(
    Object.entries(entries).map(([name, { dtype, shape, seed }]) => {
      const count = shape.reduce((size, side) => size * side, 1);
      const data = makers[dtype](Array.from({ length: count }, (_, i) => seed + i));
      return [name, { dtype, shape, data }] as const;
    }),
  )
);

/** A file of this header and so many bytes of data. */
function fileOf(header: unknown, dataBytes: number, claimed?: bigint): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

Deno.test("readSafetensors() returns what writeSafetensors() was given, whatever its shape and type", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/x.safetensors`;
  await fc.assert(
    fc.asyncProperty(tensors, async (written) => {
      await writeSafetensors(path, written);
      const read = await readSafetensors(path);
      assert.deepEqual([...read.keys()].sort(), [...written.keys()].sort());
      for (const [name, { dtype, shape, data }] of written) {
        assert.deepEqual(read.get(name), { dtype, shape: [...shape], data });
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("writeSafetensors() writes the same bytes for any order of tensors, and leaves no other file", async () => {
  using folder = temporaryFolder();
  const a = { dtype: "F32", shape: [3], data: Float32Array.of(1, 2, 3) } as const;
  const b = { dtype: "U8", shape: [2, 1], data: Uint8Array.of(4, 5) } as const;
  await writeSafetensors(
    `${folder.path}/ab`,
    new Map<string, WritableTensor>([["a", a], ["b", b]]),
  );
  await writeSafetensors(
    `${folder.path}/ba`,
    new Map<string, WritableTensor>([["b", b], ["a", a]]),
  );
  assert.deepEqual(
    await Deno.readFile(`${folder.path}/ab`),
    await Deno.readFile(`${folder.path}/ba`),
  );
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["ab", "ba"]);
});

const entry = (dtype: unknown, shape: unknown, offsets: unknown) => ({
  dtype,
  shape,
  data_offsets: offsets,
});
const hostile: Record<string, { bytes: Uint8Array; says: RegExp }> = {
  "an empty file": { bytes: new Uint8Array(), says: /0 bytes, too few for a header/ },
  "a header longer than the file": { bytes: fileOf({}, 0, 1000n), says: /header claims 1000/ },
  "a header of 2^64 - 1 bytes": {
    bytes: fileOf({}, 0, 2n ** 64n - 1n),
    says: /header claims/,
  },
  "a header that is not JSON": { bytes: fileOf("{", 0), says: /not valid JSON/ },
  "a header that is a list": { bytes: fileOf("[]", 0), says: /not a JSON object/ },
  "an entry that is null": { bytes: fileOf({ a: null }, 0), says: /`a` has type undefined/ },
  "an unknown type": { bytes: fileOf({ a: entry("C64", [1], [0, 8]) }, 8), says: /"C64"/ },
  "a type that is a property of Object.prototype": {
    bytes: fileOf({ a: entry("toString", [1], [0, 4]) }, 4),
    says: /"toString"/,
  },
  "a negative side": {
    bytes: fileOf({ a: entry("F32", [-1], [0, 4]) }, 4),
    says: /no valid shape/,
  },
  "offsets beyond the file": { bytes: fileOf({ a: entry("F32", [2], [0, 8]) }, 4), says: /match/ },
  "too few offsets": { bytes: fileOf({ a: entry("F32", [1], [0]) }, 4), says: /offsets/ },
  "a shape of 2^80 numbers": {
    bytes: fileOf({ a: entry("F32", [2 ** 40, 2 ** 40], [0, 4]) }, 4),
    says: /does not match/,
  },
  "tensors that overlap": {
    bytes: fileOf({ a: entry("F32", [2], [0, 8]), b: entry("F32", [1], [4, 8]) }, 8),
    says: /starts at byte 4, the previous one ends at 8/,
  },
  "a gap between tensors": {
    bytes: fileOf({ a: entry("F32", [1], [0, 4]), b: entry("F32", [1], [8, 12]) }, 12),
    says: /starts at byte 8, the previous one ends at 4/,
  },
  "bytes that belong to no tensor": {
    bytes: fileOf({ a: entry("U8", [1], [0, 1]) }, 5),
    says: /the last 4 bytes do not belong to any tensor/,
  },
};

for (const [what, { bytes, says }] of Object.entries(hostile)) {
  Deno.test(`readSafetensors() refuses ${what} and names the file`, async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/x.safetensors`;
    await Deno.writeFile(path, bytes);
    await assert.rejects(readSafetensors(path), (error) => {
      assert.ok(error instanceof Complaint, String(error));
      assert.match(error.what, says);
      assert.ok(error.what.startsWith(path));
      return true;
    });
  });
}

Deno.test("readSafetensors() of a damaged file returns tensors or throws a Complaint", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/x.safetensors`;
  await writeSafetensors(
    path,
    new Map<string, WritableTensor>([
      ["a", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
      ["b", { dtype: "I64", shape: [1], data: BigInt64Array.of(7n) }],
    ]),
  );
  const whole = await Deno.readFile(path);
  const damage = fc.record({
    length: fc.oneof(fc.constant(whole.length), fc.nat(whole.length)),
    changes: fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
  });
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damage, async ({ length, changes }) => {
      const bytes = whole.slice(0, length);
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      await Deno.writeFile(path, bytes);
      try {
        await readSafetensors(path);
      } catch (error) {
        assert.ok(error instanceof Complaint, String(error));
        refused++;
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(refused > 50, `only ${refused} of 300 were refused`);
});

import { decode, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { wrongIn } from "../../../../stages/data/formats/foreign_file.ts";
import {
  decodeMsgpack,
  Extension,
  type MsgpackValue,
} from "../../../../stages/data/formats/msgpack.ts";
import { joined } from "../../../support/numpy_files.ts";

const read = (bytes: Uint8Array) => decodeMsgpack(bytes, wrongIn("value"));

const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }),
    fc.string({ unit: "grapheme", maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(fc.string().filter((key) => key !== "__proto__"), tie("value"), {
      noNullPrototype: true,
    }),
  ),
}));

function plain(value: MsgpackValue): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  }
  if (Array.isArray(value)) return value.map(plain);
  return value;
}

Deno.test("every value is decoded as by the library", () => {
  fc.assert(fc.property(anything, (value) => {
    const bytes = encode(value);
    assert.deepEqual(plain(read(bytes)), decode(bytes));
  }));
});

Deno.test("numbers of every width are decoded", () => {
  const widths: [number[], MsgpackValue][] = [
    [[0xcc, 200], 200],
    [[0xcd, 1, 0], 256],
    [[0xce, 0xff, 0xff, 0xff, 0xff], 2 ** 32 - 1],
    [[0xcf, 0, 0, 1, 0, 0, 0, 0, 0], 2 ** 40],
    [[0xcf, 0xff, 0, 0, 0, 0, 0, 0, 1], 0xff00000000000001n],
    [[0xd0, 0x80], -128],
    [[0xd1, 0x80, 0], -32768],
    [[0xd2, 0x80, 0, 0, 0], -(2 ** 31)],
    [[0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1],
    [[0xca, 0x3f, 0x80, 0, 0], 1],
    [[0xc7, 2, 5, 8, 9], new Extension(5, Uint8Array.of(8, 9))],
    [[0xd5, 0xff, 8, 9], new Extension(-1, Uint8Array.of(8, 9))],
  ];
  for (const [bytes, value] of widths) assert.deepEqual(read(Uint8Array.from(bytes)), value);
});

Deno.test("binaries are views of the input", () => {
  const bytes = encode([new Uint8Array(9)]);
  const [binary] = read(bytes) as [Uint8Array];
  assert.equal(binary.buffer, bytes.buffer);
});

Deno.test("lengths beyond the end, excessive depth and trailing bytes are Complaints", () => {
  const broken = [
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61],
    [0xc6, 0xff, 0xff, 0xff, 0xff, 1],
    [0xdb, 0x7f, 0xff, 0xff, 0xff],
    [0xc1],
    [],
    [1, 2],
    [0xa1, 0xff],
    [0x81, 1, 2],
    [0x82, 0xa1, 0x61, 1, 0xc4, 1, 0x61, 2],
  ];
  for (const bytes of broken) assert.throws(() => read(Uint8Array.from(bytes)), Complaint);
  const nested = joined([new Uint8Array(100_000).fill(0x91), Uint8Array.of(1)]);
  assert.throws(() => read(nested), /more than 32 levels deep/);
});

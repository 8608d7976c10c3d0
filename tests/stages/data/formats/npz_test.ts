import fc from "fast-check";
import assert from "node:assert/strict";
import { wrongIn } from "../../../../stages/data/formats/foreign_file.ts";
import { parseNpy } from "../../../../stages/data/formats/npy.ts";
import { readNpz } from "../../../../stages/data/formats/npz.ts";
import { floats, halves, joined, npy, npz } from "../../../support/numpy_files.ts";

const wrong = wrongIn("a.npz");

Deno.test("arrays are read as they were written, stored or deflated, with and without zip64", () => {
  const shape = fc.array(fc.nat({ max: 5 }), { maxLength: 3 });
  fc.assert(
    fc.property(shape, shape, fc.boolean(), fc.boolean(), (first, second, deflated, zip64) => {
      const arrays = {
        features: halves(first, (index) => index / 7),
        conf: floats(second, (index) => -index),
      };
      const read = readNpz(npz(arrays, { deflated, zip64 }), {
        names: ["conf", "features", "absent"],
        wrong,
      });
      assert.deepEqual([...read.keys()], ["conf", "features"]);
      for (const [name, { type, shape, data }] of Object.entries(arrays)) {
        assert.deepEqual(read.get(name), {
          type,
          shape,
          data: new Uint8Array(data.buffer),
        });
      }
    }),
  );
});

Deno.test("a changed byte of a member is detected by its checksum", () => {
  const bytes = npz({ conf: floats([4], () => 1) }, { deflated: false });
  bytes[bytes.indexOf(0x3f)]! ^= 1; // in a number
  assert.throws(
    () => readNpz(bytes, { names: ["conf"], wrong }),
    /conf: its checksum does not match: the file is damaged/,
  );
});

Deno.test("a member that claims an impossible size is not decompressed", () => {
  const bytes = npz({ conf: halves([50_000], () => 0) });
  const entry = bytes.findLastIndex((_, at) =>
    new DataView(bytes.buffer).getUint32(Math.min(at, bytes.length - 4), true) === 0x02014b50
  );
  new DataView(bytes.buffer).setUint32(entry + 24, 2 ** 31, true);
  assert.throws(
    () => readNpz(bytes, { names: ["conf"], wrong }),
    /conf: it cannot have 2147483648 bytes/,
  );
});

const header = (text: string) => {
  const length = Uint8Array.of(text.length & 0xff, text.length >> 8);
  const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0);
  return joined([magic, length, new TextEncoder().encode(text), new Uint8Array(16)]);
};
const array = (parts: { type?: string; order?: string; shape?: string }) =>
  header(
    `{'descr': ${parts.type ?? "'<f8'"}, 'fortran_order': ${parts.order ?? "False"}, ` +
      `'shape': ${parts.shape ?? "(2,)"}, }          \n`,
  );

Deno.test("all forms of numpy's header are read, including Python 2's", () => {
  assert.deepEqual(parseNpy(array({}), wrong).shape, [2]);
  assert.deepEqual(parseNpy(array({ shape: "(1L, 2L)" }), wrong).shape, [1, 2]);
  assert.deepEqual(parseNpy(array({ order: "True" }), wrong).shape, [2]);
  assert.deepEqual(parseNpy(array({ type: "'|u1'", shape: "(2, 8)" }), wrong).type, "|u1");
  assert.deepEqual(parseNpy(npy(floats([], () => 4)), wrong).shape, []);
});

Deno.test("object arrays, column-major order and invalid headers are refused", () => {
  const refused: [Uint8Array, RegExp][] = [
    [array({ type: "'|O'" }), /does not describe an array of numbers|is not supported/],
    [array({ type: "[('a', '<f4')]" }), /does not describe an array of numbers/],
    [array({ type: "'>f8'" }), /is not supported; save numbers, little-endian/],
    [array({ order: "True", shape: "(1, 2)" }), /column-major.*ascontiguousarray/],
    [array({ shape: "(3,)" }), /16 bytes do not match an array \[3\] of <f8/],
    [array({ shape: "(99999999999999999999999,)" }), /shape is invalid|do not match/],
    [array({ shape: "(__import__('os').abort(),)" }), /does not describe an array of numbers/],
    [header("{}"), /does not describe an array of numbers/],
    [header("{'descr': '<f8', ").subarray(0, 20), /header claims/],
    [new Uint8Array(5), /this is not a \.npy file/],
  ];
  for (const [bytes, message] of refused) assert.throws(() => parseNpy(bytes, wrong), message);
});

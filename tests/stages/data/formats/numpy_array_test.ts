import assert from "node:assert/strict";
import { wrongIn } from "../../../../stages/data/formats/foreign_file.ts";
import { floatRows, halfRows, numpyArray } from "../../../../stages/data/formats/numpy_array.ts";

const wrong = wrongIn("file");

/** The value of float16 bits by its definition. */
function half(bits: number): number {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

Deno.test("every finite float16 is widened exactly, every other one is refused with its position", () => {
  for (const offset of [0, 1]) {
    for (let bits = 0; bits < 65536; bits += 1) {
      const bytes = new Uint8Array(offset + 8); // data is not aligned in files
      const data = bytes.subarray(offset);
      new DataView(bytes.buffer).setUint16(offset + 6, bits, true);
      const array = { type: "<f2", shape: [2, 2], data };
      const read = () => floatRows(array, { rows: 2, wrong });
      if (Number.isFinite(half(bits))) assert.equal(read()[3], half(bits));
      else assert.throws(read, /row 1 has -?(NaN|Infinity) in column 1/);
      assert.equal(floatRows(array, { rows: 1, wrong }).length, 2);
    }
  }
});

Deno.test("float16 is also read as it is stored, with the same numbers refused at every position", () => {
  const type = "<f2" as const;
  for (const offset of [0, 1, 2, 4]) {
    for (const rows of [1, 2, 3, 4]) {
      const bytes = new Uint8Array(offset + 8);
      const array = { type, shape: [4, 1], data: bytes.subarray(offset) };
      const view = new DataView(bytes.buffer, offset);
      for (let row = 0; row < 4; row++) view.setUint16(2 * row, 0x3c00 + row, true);
      const expected = Uint16Array.from({ length: rows }, (_, row) => 0x3c00 + row);
      assert.deepEqual(halfRows(array, { rows, wrong }), expected);
      for (const bits of [0x7c00, 0xfc00, 0x7e01, 0xffff, 0x7c01]) {
        for (let row = 0; row < rows; row++) {
          const before = view.getUint16(2 * row, true);
          view.setUint16(2 * row, bits, true);
          assert.throws(
            () => halfRows(array, { rows, wrong }),
            new RegExp(`row ${row} has -?(NaN|Infinity) in column 0`),
          );
          view.setUint16(2 * row, before, true);
        }
      }
    }
  }
  for (let bits = 0; bits < 65536; bits++) {
    const data = new Uint8Array(Uint16Array.of(0x3c00, bits, 0x3c00, 0x3c00).buffer);
    const read = () => halfRows({ type, shape: [4], data }, { rows: 4, wrong });
    if (Number.isFinite(half(bits))) assert.equal(read()[1], bits);
    else assert.throws(read, /row 1 has/);
  }
});

Deno.test("float32 is copied, and refused if it is not finite", () => {
  const floats = Float32Array.of(1.5, -0, 3e38, 1e-45);
  const data = new Uint8Array(floats.buffer);
  assert.deepEqual(floatRows({ type: "<f4", shape: [4], data }, { rows: 4, wrong }), floats);
  floats[2] = -Infinity;
  assert.throws(
    () => floatRows({ type: "<f4", shape: [4], data }, { rows: 4, wrong }),
    /row 2 has -Infinity in column 0/,
  );
  assert.equal(floatRows({ type: "<f4", shape: [4], data }, { rows: 2, wrong }).length, 2);
});

Deno.test("the number of bytes must match type and shape", () => {
  const data = new Uint8Array(12);
  assert.equal(numpyArray({ type: "<f4", shape: [3], data }, wrong).data, data);
  for (const shape of [[4], [-3], [1.5], ["3"], [2 ** 53, 0, 5], Array(40).fill(1)]) {
    assert.throws(() => numpyArray({ type: "<f4", shape, data }, wrong), { name: "Complaint" });
  }
  for (const type of ["|O", ">f4", "<c8", undefined, 4]) {
    assert.throws(() => numpyArray({ type, shape: [3], data }, wrong), /is not supported/);
  }
});

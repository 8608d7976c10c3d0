/** Converts little-endian floats of other widths to float32, the width in which models compute. */

export type FloatFormat = "float16" | "bfloat16" | "float32" | "float64";

export const floatBytes: Readonly<Record<FloatFormat, number>> = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
};

/**
 * Narrower formats are widened exactly, float64 is rounded to the nearest float32. Float32 data whose
 * offset is a multiple of 4 is returned as a view, not a copy.
 */
export function toFloat32(bytes: Uint8Array, format: FloatFormat): Float32Array {
  const count = bytes.length / floatBytes[format];
  const { buffer, byteOffset } = byteAligned(bytes, floatBytes[format]);
  switch (format) {
    case "float32":
      return new Float32Array(buffer, byteOffset, count);
    case "float64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case "float16": {
      const halves = new Uint16Array(buffer, byteOffset, count);
      const table = floatOfHalf;
      const values = new Float32Array(count);
      for (let i = 0; i < count; i++) values[i] = table[halves[i]!]!;
      return values;
    }
    case "bfloat16": {
      const halves = new Uint16Array(buffer, byteOffset, count);
      const words = new Uint32Array(count);
      for (let i = 0; i < count; i++) words[i] = halves[i]! << 16;
      return new Float32Array(words.buffer);
    }
    default:
      return format satisfies never;
  }
}

function byteAligned(bytes: Uint8Array, width: number) {
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}

/** Value of each float16, indexed by its 16 bits. */
export const floatOfHalf = new Float32Array(
  new Float16Array(Uint16Array.from({ length: 65536 }, (_, bits) => bits).buffer),
);

/**
 * Writes TensorBoard's event files: records of protocol buffers, as defined by TensorFlow's
 * `record_writer.cc` and `event.proto`. Four small messages need no protocol buffer library.
 *
 *     record = uint64 length, uint32 crc(length), data, uint32 crc(data)     little-endian
 *     crc(x) = (crc32c(x) rotated right by 15) + 0xa282ead8
 */

export interface Scalar {
  /** TensorBoard groups tags by the part before the first slash. */
  readonly tag: string;
  readonly step: number;
  readonly value: number;
  /** Seconds since 1970, UTC. */
  readonly time: number;
}

/** @param options.time time of the file, in seconds since 1970 */
export function eventFile(
  scalars: readonly Scalar[],
  { time }: { readonly time: number },
): Uint8Array<ArrayBuffer> {
  const version = message([double(1, time), text(3, "brain.Event:2")]);
  const events = scalars.map(({ tag, step, value, time }) =>
    message([
      double(1, time),
      integer(2, step),
      nested(5, [
        nested(1, [text(1, tag), float(2, value)]),
      ]),
    ])
  );
  return message([version, ...events].map(record));
}

function record(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
  return message([length, masked(length), data, masked(data)]);
}

function masked(bytes: Uint8Array): Uint8Array {
  const crc = crc32c(bytes);
  const rotated = ((crc >>> 15) | (crc << 17)) >>> 0;
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, (rotated + 0xa282ead8) >>> 0, true);
  return out;
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), reflected polynomial 0x82f63b78. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

// Fields of a message: field number and wire type, then the value.

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

function double(field: number, value: number): Uint8Array {
  const out = new Uint8Array(9);
  out[0] = field << 3 | 1;
  new DataView(out.buffer).setFloat64(1, value, true);
  return out;
}

function float(field: number, value: number): Uint8Array {
  const out = new Uint8Array(5);
  out[0] = field << 3 | 5;
  new DataView(out.buffer).setFloat32(1, value, true);
  return out;
}

function text(field: number, value: string): Uint8Array {
  return withLength(field, new TextEncoder().encode(value));
}

function nested(field: number, parts: readonly Uint8Array[]): Uint8Array {
  return withLength(field, message(parts));
}

function withLength(field: number, bytes: Uint8Array): Uint8Array {
  return message([Uint8Array.from([...varint(field << 3 | 2), ...varint(bytes.length)]), bytes]);
}

/** Seven bits per byte, low bits first. @param value not negative */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  while (left >= 128) {
    bytes.push(left % 128 | 128);
    left = Math.floor(left / 128);
  }
  return [...bytes, left];
}

function message(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

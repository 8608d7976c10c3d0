/** Writes Python pickles of protocol 2: the instructions that a dictionary of tensors needs. */
import { joinBytes } from "../../data/formats/byte_source.ts";

/** Instructions by name; pickletools.py of Python describes them. */
export const opcodes = {
  MARK: 0x28,
  NONE: 0x4e,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  EMPTY_DICT: 0x7d,
  EMPTY_LIST: 0x5d,
  EMPTY_TUPLE: 0x29,
  TUPLE: 0x74,
  SETITEMS: 0x75,
  APPENDS: 0x65,
  REDUCE: 0x52,
  BINPERSID: 0x51,
  LONG1: 0x8a,
} as const;

const PROTO = 0x80, STOP = 0x2e, BININT = 0x4a, BINUNICODE = 0x58, GLOBAL = 0x63;

/** One pickle, instruction after instruction. */
export class PickleWriter {
  readonly #parts: Uint8Array[] = [Uint8Array.of(PROTO, 2)];

  /** Instructions without an operand, in this order. */
  do(...names: (keyof typeof opcodes)[]): this {
    return this.bytes(Uint8Array.from(names, (name) => opcodes[name]));
  }

  bytes(part: Uint8Array): this {
    this.#parts.push(part);
    return this;
  }

  integer(value: number): this {
    const small = value < 2 ** 31;
    const bytes = new Uint8Array(small ? 5 : 10);
    const view = new DataView(bytes.buffer);
    if (small) {
      view.setUint8(0, BININT);
      view.setInt32(1, value, true);
    } else {
      view.setUint8(0, opcodes.LONG1);
      view.setUint8(1, 8);
      view.setBigInt64(2, BigInt(value), true);
    }
    return this.bytes(bytes);
  }

  /** A tuple. */
  integers(values: readonly number[]): this {
    this.do("MARK");
    for (const value of values) this.integer(value);
    return this.do("TUPLE");
  }

  text(value: string): this {
    const bytes = utf8.encode(value);
    const head = new Uint8Array(5);
    head[0] = BINUNICODE;
    new DataView(head.buffer).setUint32(1, bytes.length, true);
    return this.bytes(head).bytes(bytes);
  }

  global(module: string, name: string): this {
    return this.bytes(Uint8Array.of(GLOBAL)).bytes(utf8.encode(`${module}\n${name}\n`));
  }

  /** The whole pickle. */
  end(): Uint8Array {
    this.bytes(Uint8Array.of(STOP));
    return joinBytes(this.#parts);
  }
}

const utf8 = new TextEncoder();

/**
 * Writes Python pickles of protocol 2: the instructions that a dictionary of tensors needs. Hand-written
 * like the reader: there are few of them, and equal weights must give equal bytes.
 */
import { joinBytes } from "../../data/formats/byte_source.ts";
import { opcodes } from "./pickle_opcodes.ts";

/** One pickle, built instruction by instruction; methods return the writer. */
export class PickleWriter {
  readonly #parts: Uint8Array[] = [Uint8Array.of(opcodes.PROTO, 2)];

  /** Instructions that take no operand, in this order. */
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
      view.setUint8(0, opcodes.BININT);
      view.setInt32(1, value, true);
    } else {
      view.setUint8(0, opcodes.LONG1);
      view.setUint8(1, 8);
      view.setBigInt64(2, BigInt(value), true);
    }
    return this.bytes(bytes);
  }

  /** A tuple of integers. */
  integers(values: readonly number[]): this {
    this.do("MARK");
    for (const value of values) this.integer(value);
    return this.do("TUPLE");
  }

  text(value: string): this {
    const bytes = utf8.encode(value);
    const head = new Uint8Array(5);
    head[0] = opcodes.BINUNICODE;
    new DataView(head.buffer).setUint32(1, bytes.length, true);
    return this.bytes(head).bytes(bytes);
  }

  global(module: string, name: string): this {
    return this.bytes(Uint8Array.of(opcodes.GLOBAL)).bytes(utf8.encode(`${module}\n${name}\n`));
  }

  /** The whole pickle. */
  end(): Uint8Array {
    this.bytes(Uint8Array.of(opcodes.STOP));
    return joinBytes(this.#parts);
  }
}

const utf8 = new TextEncoder();

/**
 * Reads Python pickles without running anything: the instructions that a pickled dictionary of tensors
 * needs (protocols 2 to 4, as `torch.save` writes them) and the callables that the reader is given.
 * Everything else is refused by name. Memory is bounded: each instruction makes at most one small
 * object, and both the instructions and the bytes of a pickle are limited.
 *
 * Source: Python's Lib/pickletools.py describes every instruction.
 */
import type { ByteCursor } from "../../data/formats/byte_cursor.ts";
import { decodeUtf8, wrongIn } from "../../data/formats/foreign_file.ts";
import { isKind, type PickleValue } from "./pickle_value.ts";

/** What a pickle may ask for. */
export interface PickleWorld<Made> {
  /** By name. A value that is no function may be named, but not called. */
  readonly callables: ReadonlyMap<
    string,
    ((args: readonly PickleValue<Made>[]) => PickleValue<Made>) | "named only"
  >;
  /** The object of a persistent id. */
  persistent(id: PickleValue<Made>): Made;
}

/** A state dict of 10,000 tensors takes fewer. */
const MOST_INSTRUCTIONS = 500_000;
const MOST_BYTES = 1 << 26;
const LONGEST_NAME = 512;

/** Reads one pickle and leaves the cursor behind it. */
export function readPickle<Made extends object>(
  cursor: ByteCursor,
  world: PickleWorld<Made>,
): PickleValue<Made> {
  const opaque = world as unknown as PickleWorld<Opaque>;
  return new Machine(cursor, opaque).run() as PickleValue<Made>;
}

/** What callables make is moved about, never looked into. */
type Opaque = { readonly kind: "opaque" };

class Machine {
  readonly #stack: PickleValue<Opaque>[] = [];
  /** Heights of the stack. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue<Opaque>>();

  constructor(readonly cursor: ByteCursor, readonly world: PickleWorld<Opaque>) {}

  run(): PickleValue<Opaque> {
    const { cursor } = this;
    const start = cursor.position;
    for (let count = 0; count < MOST_INSTRUCTIONS; count++) {
      const code = cursor.byte();
      if (code === STOP) {
        const result = this.#pop();
        if (this.#stack.length + this.#marks.length > 0) throw this.#damaged("ends amid a list");
        return result;
      }
      this.#step(code);
      if (cursor.position - start > MOST_BYTES) break;
    }
    throw cursor.wrong(`its pickle is longer than any state dict's (byte ${cursor.position})`);
  }

  /** Instructions by their byte, in the order of pickletools. */
  #step(code: number): void {
    const { cursor } = this;
    switch (code) {
      case 0x80: { // PROTO
        const protocol = cursor.byte();
        if (protocol < 2 || protocol > 4) {
          throw cursor.wrong(`its pickle has protocol ${protocol}, 2 to 4 can be read`);
        }
        return;
      }
      case 0x95: // FRAME: how many bytes follow, which the instructions tell anyway
        cursor.take(8);
        return;
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        return;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(cursor.byte());
      case 0x4d: // BININT2
        return this.#push(view(cursor.take(2)).getUint16(0, true));
      case 0x4a: // BININT
        return this.#push(view(cursor.take(4)).getInt32(0, true));
      case 0x8a: // LONG1
        return this.#push(longInteger(cursor.take(cursor.byte())));
      case 0x47: // BINFLOAT
        return this.#push({ kind: "float", value: view(cursor.take(8)).getFloat64(0) });
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(cursor.byte()));
      case 0x58: // BINUNICODE
        return this.#push(this.#text(view(cursor.take(4)).getUint32(0, true)));
      case 0x29: // EMPTY_TUPLE
        return this.#push({ kind: "tuple", items: [] });
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: { // TUPLE3
        const items = [this.#pop()];
        for (let more = code - 0x85; more > 0; more--) items.unshift(this.#pop());
        return this.#push({ kind: "tuple", items });
      }
      case 0x74: // TUPLE
        return this.#push({ kind: "tuple", items: this.#popToMark() });
      case 0x5d: // EMPTY_LIST
        return this.#push({ kind: "list", items: [] });
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#popToMark());
      case 0x7d: // EMPTY_DICT
        return this.#push({ kind: "dict", entries: new Map(), ordered: false });
      case 0x73: { // SETITEM
        const value = this.#pop();
        return this.#setItems([this.#pop(), value]);
      }
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark());
      case 0x63: { // GLOBAL
        const module = this.#line();
        return this.#callable(`${module}.${this.#line()}`);
      }
      case 0x93: { // STACK_GLOBAL
        const [name, module] = [this.#pop(), this.#pop()];
        if (typeof name !== "string" || typeof module !== "string") {
          throw this.#damaged("names a callable that is no text");
        }
        return this.#callable(`${module}.${name}`);
      }
      case 0x52: // REDUCE
        return this.#reduce();
      case 0x62: // BUILD
        return this.#build();
      case 0x51: // BINPERSID
        return this.#push(this.world.persistent(this.#pop()));
      case 0x68: // BINGET
        return this.#recall(cursor.byte());
      case 0x6a: // LONG_BINGET
        return this.#recall(view(cursor.take(4)).getUint32(0, true));
      case 0x71: // BINPUT
        return this.#memorise(cursor.byte());
      case 0x72: // LONG_BINPUT
        return this.#memorise(view(cursor.take(4)).getUint32(0, true));
      case 0x94: // MEMOIZE
        return this.#memorise(this.#memo.size);
      case 0x69: { // INST: calls what it names
        const module = this.#line();
        throw neverCalled(cursor, `${module}.${this.#line()}`);
      }
      default:
        throw this.#damaged(
          `has ${refused.get(code) ?? "the unknown byte"} (${hexadecimal(code)})` +
            ", which no dictionary of tensors needs",
        );
    }
  }

  #push(value: PickleValue<Opaque>): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue<Opaque> {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.#damaged("takes too much");
    return this.#stack.pop()!;
  }

  #top(): PickleValue<Opaque> {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  #popToMark(): PickleValue<Opaque>[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#damaged("ends a list that was not begun");
    return this.#stack.splice(mark);
  }

  #append(items: PickleValue<Opaque>[]): void {
    const list = this.#top();
    if (!isKind(list, "list")) throw this.#damaged("appends to what is no list");
    for (const item of items) list.items.push(item);
  }

  #setItems(items: PickleValue<Opaque>[]): void {
    const dict = this.#top();
    if (!isKind(dict, "dict")) throw this.#damaged("sets an item of what is no dictionary");
    if (items.length % 2 !== 0) throw this.#damaged("sets a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (typeof key === "object" && key !== null) {
        throw this.#damaged("has a key that is neither text nor a number");
      }
      dict.entries.set(key, items[i + 1]!);
    }
  }

  #callable(name: string): void {
    if (!this.world.callables.has(name)) throw neverCalled(this.cursor, name);
    this.#push({ kind: "callable", name });
  }

  #reduce(): void {
    const args = this.#pop();
    const callable = this.#pop();
    if (!isKind(callable, "callable") || !isKind(args, "tuple")) {
      throw this.#damaged("calls what cannot be called");
    }
    const call = this.world.callables.get(callable.name);
    if (typeof call !== "function") throw neverCalled(this.cursor, callable.name);
    this.#push(call(args.items));
  }

  #build(): void {
    this.#pop(); // the attributes
    const object = this.#top();
    if (!isKind(object, "dict") || !object.ordered) {
      throw this.#damaged("sets attributes of what is no OrderedDict");
    }
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged(`recalls object ${index}, which it never kept`);
    this.#push(value);
  }

  #memorise(index: number): void {
    this.#memo.set(index, this.#top());
  }

  #text(length: number): string {
    if (length > MOST_BYTES) throw this.#damaged(`has a text of ${length} bytes`);
    return decodeUtf8(this.cursor.take(length), this.cursor.wrong);
  }

  #line(): string {
    return decodeUtf8(this.cursor.line(LONGEST_NAME), this.cursor.wrong);
  }

  #damaged(what: string) {
    return this.cursor.wrong(`its pickle ${what} (byte ${this.cursor.position - 1})`);
  }
}

const STOP = 0x2e;

/** Names of instructions that are never followed. */
const refused: ReadonlyMap<number, string> = new Map(
  Object.entries({
    OBJ: 0x6f,
    NEWOBJ: 0x81,
    NEWOBJ_EX: 0x92,
    EXT1: 0x82,
    EXT2: 0x83,
    EXT4: 0x84,
    PERSID: 0x50,
    POP: 0x30,
    POP_MARK: 0x31,
    DUP: 0x32,
    INT: 0x49,
    LONG: 0x4c,
    LONG4: 0x8b,
    FLOAT: 0x46,
    STRING: 0x53,
    BINSTRING: 0x54,
    SHORT_BINSTRING: 0x55,
    BINBYTES: 0x42,
    SHORT_BINBYTES: 0x43,
    BINBYTES8: 0x8e,
    BINUNICODE8: 0x8d,
    BYTEARRAY8: 0x96,
    NEXT_BUFFER: 0x97,
    READONLY_BUFFER: 0x98,
    UNICODE: 0x56,
    LIST: 0x6c,
    DICT: 0x64,
    EMPTY_SET: 0x8f,
    ADDITEMS: 0x90,
    FROZENSET: 0x91,
    GET: 0x67,
    PUT: 0x70,
  }).map(([name, code]) => [code, `the instruction ${name}`]),
);

/** Two's complement, little-endian; a plain number where it is exact. */
function longInteger(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  if (bytes.length > 0) value = BigInt.asIntN(8 * bytes.length, value);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function neverCalled(cursor: ByteCursor, name: string) {
  // deno-lint-ignore no-control-regex -- a hostile name must not reach the terminal
  const printable = name.replace(/[\x00-\x1f\x7f-\u009f\u2028-\u202e]/g, "?").slice(0, 80);
  return wrongIn(cursor.source.file, {
    fix: "use a checkpoint that holds tensors alone: torch.save(model.state_dict(), file)",
  })(`the checkpoint wants to call ${printable}, which is never done`);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hexadecimal(code: number): string {
  return `0x${code.toString(16).padStart(2, "0")}`;
}

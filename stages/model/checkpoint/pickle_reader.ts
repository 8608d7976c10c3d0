/**
 * Reads Python pickles without running anything. Hand-written, because a pickle is a program and must not
 * run code: only the instructions that a dictionary of tensors needs are followed (protocols 2 to 4, as
 * `torch.save` writes them), and only the callables that the reader is given. Everything else is refused
 * by name. Memory is bounded: each instruction creates at most one small object, and both the
 * instructions and the bytes of a pickle are limited.
 */
import type { ByteCursor } from "../../data/formats/byte_cursor.ts";
import { decodeUtf8, wrongIn } from "../../data/formats/foreign_file.ts";
import { describeRefused, INST, opcodes } from "./pickle_opcodes.ts";
import { isKind, type PickleValue } from "./pickle_value.ts";

/** What a pickle may refer to. */
export interface PickleWorld<Made> {
  /** By name. A "named only" one may be named, but not called. */
  readonly callables: ReadonlyMap<
    string,
    ((args: readonly PickleValue<Made>[]) => PickleValue<Made>) | "named only"
  >;
  /** The object that a persistent id stands for. */
  persistent(id: PickleValue<Made>): Made;
}

/** A state dict of 10,000 tensors takes fewer. */
const MOST_INSTRUCTIONS = 500_000;
const MOST_BYTES = 1 << 26;
const LONGEST_NAME = 512;

/**
 * Reads one pickle and leaves the cursor after it.
 * @throws {Complaint} for a damaged pickle, and for one that does anything but build data
 */
export function readPickle<Made extends object>(
  cursor: ByteCursor,
  world: PickleWorld<Made>,
): PickleValue<Made> {
  const opaque = world as unknown as PickleWorld<Opaque>;
  return new Machine(cursor, opaque).run() as PickleValue<Made>;
}

/** What callables return is passed around, never inspected. */
type Opaque = { readonly kind: "opaque" };

class Machine {
  readonly #stack: PickleValue<Opaque>[] = [];
  /** Stack heights at each MARK. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue<Opaque>>();

  constructor(readonly cursor: ByteCursor, readonly world: PickleWorld<Opaque>) {}

  run(): PickleValue<Opaque> {
    const { cursor } = this;
    const start = cursor.position;
    for (let count = 0; count < MOST_INSTRUCTIONS; count++) {
      const code = cursor.byte();
      if (code === opcodes.STOP) {
        const result = this.#pop();
        if (this.#stack.length + this.#marks.length > 0) throw this.#damaged("ends inside a list");
        return result;
      }
      this.#step(code);
      if (cursor.position - start > MOST_BYTES) break;
    }
    throw cursor.wrong(`its pickle is longer than any state dict's (byte ${cursor.position})`);
  }

  /** Follows one instruction. */
  #step(code: number): void {
    const { cursor } = this;
    switch (code) {
      case opcodes.PROTO: {
        const protocol = cursor.byte();
        if (protocol < 2 || protocol > 4) {
          throw cursor.wrong(`its pickle has protocol ${protocol}; protocols 2 to 4 can be read`);
        }
        return;
      }
      case opcodes.FRAME: // the number of bytes that follow; the instructions imply it
        cursor.take(8);
        return;
      case opcodes.MARK:
        this.#marks.push(this.#stack.length);
        return;
      case opcodes.NONE:
        return this.#push(null);
      case opcodes.NEWTRUE:
        return this.#push(true);
      case opcodes.NEWFALSE:
        return this.#push(false);
      case opcodes.BININT1:
        return this.#push(cursor.byte());
      case opcodes.BININT2:
        return this.#push(view(cursor.take(2)).getUint16(0, true));
      case opcodes.BININT:
        return this.#push(view(cursor.take(4)).getInt32(0, true));
      case opcodes.LONG1:
        return this.#push(longInteger(cursor.take(cursor.byte())));
      case opcodes.BINFLOAT:
        return this.#push({ kind: "float", value: view(cursor.take(8)).getFloat64(0) });
      case opcodes.SHORT_BINUNICODE:
        return this.#push(this.#text(cursor.byte()));
      case opcodes.BINUNICODE:
        return this.#push(this.#text(view(cursor.take(4)).getUint32(0, true)));
      case opcodes.EMPTY_TUPLE:
        return this.#push({ kind: "tuple", items: [] });
      case opcodes.TUPLE1:
      case opcodes.TUPLE2:
      case opcodes.TUPLE3: {
        const items = [this.#pop()];
        for (let more = code - opcodes.TUPLE1; more > 0; more--) items.unshift(this.#pop());
        return this.#push({ kind: "tuple", items });
      }
      case opcodes.TUPLE:
        return this.#push({ kind: "tuple", items: this.#popToMark() });
      case opcodes.EMPTY_LIST:
        return this.#push({ kind: "list", items: [] });
      case opcodes.APPEND:
        return this.#append([this.#pop()]);
      case opcodes.APPENDS:
        return this.#append(this.#popToMark());
      case opcodes.EMPTY_DICT:
        return this.#push({ kind: "dict", entries: new Map(), ordered: false });
      case opcodes.SETITEM: {
        const value = this.#pop();
        return this.#setItems([this.#pop(), value]);
      }
      case opcodes.SETITEMS:
        return this.#setItems(this.#popToMark());
      case opcodes.GLOBAL: {
        const module = this.#line();
        return this.#callable(`${module}.${this.#line()}`);
      }
      case opcodes.STACK_GLOBAL: {
        const [name, module] = [this.#pop(), this.#pop()];
        if (typeof name !== "string" || typeof module !== "string") {
          throw this.#damaged("names a callable by something other than text");
        }
        return this.#callable(`${module}.${name}`);
      }
      case opcodes.REDUCE:
        return this.#reduce();
      case opcodes.BUILD:
        return this.#build();
      case opcodes.BINPERSID:
        return this.#push(this.world.persistent(this.#pop()));
      case opcodes.BINGET:
        return this.#recall(cursor.byte());
      case opcodes.LONG_BINGET:
        return this.#recall(view(cursor.take(4)).getUint32(0, true));
      case opcodes.BINPUT:
        return this.#memorise(cursor.byte());
      case opcodes.LONG_BINPUT:
        return this.#memorise(view(cursor.take(4)).getUint32(0, true));
      case opcodes.MEMOIZE:
        return this.#memorise(this.#memo.size);
      case INST: {
        const module = this.#line();
        throw neverCalled(cursor, `${module}.${this.#line()}`);
      }
      default:
        throw this.#damaged(`has ${describeRefused(code)}, which no dictionary of tensors needs`);
    }
  }

  #push(value: PickleValue<Opaque>): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue<Opaque> {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) {
      throw this.#damaged("takes a value from an empty stack");
    }
    return this.#stack.pop()!;
  }

  #top(): PickleValue<Opaque> {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  #popToMark(): PickleValue<Opaque>[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#damaged("ends a list that was never started");
    return this.#stack.splice(mark);
  }

  #append(items: PickleValue<Opaque>[]): void {
    const list = this.#top();
    if (!isKind(list, "list")) throw this.#damaged("appends to something that is not a list");
    for (const item of items) list.items.push(item);
  }

  #setItems(items: PickleValue<Opaque>[]): void {
    const dict = this.#top();
    if (!isKind(dict, "dict")) {
      throw this.#damaged("sets an item of something that is not a dictionary");
    }
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
      throw this.#damaged("calls something that cannot be called");
    }
    const call = this.world.callables.get(callable.name);
    if (typeof call !== "function") throw neverCalled(this.cursor, callable.name);
    this.#push(call(args.items));
  }

  #build(): void {
    this.#pop(); // the attributes
    const object = this.#top();
    if (!isKind(object, "dict") || !object.ordered) {
      throw this.#damaged("sets attributes of something that is not an OrderedDict");
    }
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) {
      throw this.#damaged(`refers to object ${index}, which it never stored`);
    }
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

/** Two's complement, little-endian; a plain number if it is exact. */
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
    fix: "use a checkpoint that holds only tensors: torch.save(model.state_dict(), file)",
  })(`the checkpoint calls ${printable}; code in a checkpoint is never run`);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

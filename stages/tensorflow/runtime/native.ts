/** The opened library: its functions, its status object, and C strings. */
import { OutOfMemory } from "../../../pipeline/contract/out_of_memory.ts";
import { type Symbols, symbols } from "./symbols.ts";

/** An error that TensorFlow reported. */
export class TensorFlowError extends Error {
  override readonly name = "TensorFlowError";
  constructor(readonly code: number, message: string, readonly during: string) {
    super(`${during}: ${message} (TensorFlow code ${code})`);
  }
}

/** TensorFlow's code for memory that ran out. */
const resourceExhausted = 8;
/** Characters of TensorFlow's reason that are shown. */
const longestReason = 300;

/** A view of a tensor's memory, at least one byte. It must not be kept: the memory is TensorFlow's. */
export type BytesAt = (offset: number, length: number) => Uint8Array<ArrayBuffer>;

/** `absl::LogSeverityAtLeast::kFatal`. */
const fatal = 3;

export class Native {
  readonly c: Symbols;
  /** One status for all calls: they come from one thread, and each is checked before the next. */
  readonly status: Deno.PointerObject;
  readonly version: string;
  #names = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(readonly path: string) {
    this.c = Deno.dlopen(path, symbols).symbols;
    this.status = this.c.TF_NewStatus()!;
    this.version = text(this.c.TF_Version());
  }

  /**
   * Checks the status of the last call of this thread, or another status.
   * @param during what was being done, for the message
   * @throws {TensorFlowError | OutOfMemory} if the call reported an error
   */
  check(during: string, status: Deno.PointerObject = this.status): void {
    const code = this.c.TF_GetCode(status);
    if (code === 0) return;
    const message = text(this.c.TF_Message(status));
    if (code !== resourceExhausted) throw new TensorFlowError(code, message, during);
    throw new OutOfMemory(`${during}: ${message.split("\n", 1)[0]!.slice(0, longestReason)}`);
  }

  /** Runs a call during which the library prints nothing but why it ends the process. */
  quietly<Result>(call: () => Result): Result {
    const { minLogLevel, setMinLogLevel } = this.c;
    const before = minLogLevel?.();
    setMinLogLevel?.(fatal);
    try {
      return call();
    } finally {
      if (before !== undefined) setMinLogLevel?.(before);
    }
  }

  /** A name as a C string; cached, since names recur. */
  name(name: string): Uint8Array<ArrayBuffer> {
    let bytes = this.#names.get(name);
    if (bytes === undefined) {
      bytes = new TextEncoder().encode(`${name}\0`);
      this.#names.set(name, bytes);
    }
    return bytes;
  }

  /** A host tensor that holds a copy of the bytes. The caller deletes it. */
  hostTensor(dtype: number, shape: readonly number[], bytes: Uint8Array): Deno.PointerObject {
    return this.filledTensor(dtype, shape, bytes.byteLength, (bytesAt) => {
      if (bytes.byteLength > 0) bytesAt(0, bytes.byteLength).set(bytes);
    });
  }

  /** A host tensor of `size` bytes that `fill` writes. The caller deletes it. */
  filledTensor(
    dtype: number,
    shape: readonly number[],
    size: number,
    fill: (bytesAt: BytesAt) => void,
  ): Deno.PointerObject {
    const tensor = this.c.TF_AllocateTensor(dtype, dimensions(shape), shape.length, BigInt(size));
    if (tensor === null) {
      throw new OutOfMemory(`allocate a tensor of ${size} bytes`);
    }
    try {
      const data = this.c.TF_TensorData(tensor)!;
      fill((offset, length) => {
        if (offset < 0 || length < 1 || offset + length > size) {
          throw new RangeError(`internal: bytes ${offset} + ${length} of a tensor of ${size}`);
        }
        const start = Deno.UnsafePointer.offset(data, offset)!;
        return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(start, length));
      });
    } catch (error) {
      this.c.TF_DeleteTensor(tensor);
      throw error;
    }
    return tensor;
  }
}

/** Dimensions as C takes them: int64. */
export function dimensions(shape: readonly number[]): BigInt64Array<ArrayBuffer> {
  const dims = new BigInt64Array(shape.length);
  for (let axis = 0; axis < shape.length; axis++) dims[axis] = BigInt(shape[axis]!);
  return dims;
}

/** A C string; "" for a null pointer. */
export function text(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}

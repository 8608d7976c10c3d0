/**
 * Records ops into a TensorFlow graph instead of executing them. Recorded tensors have ids in a range of
 * their own, a static shape and no value.
 */
import { TF_INT32 } from "../runtime/data_types.ts";
import type { TensorMetadata } from "../runtime/eager.ts";
import type { Native } from "../runtime/native.ts";
import { type OpAttribute, typeAttribute } from "../runtime/op_attributes.ts";
import { Graph, type GraphFunction, type Output } from "./graph.ts";
import type { RecordedOp } from "./steps.ts";

/** Recorded tensors have ids from here on; lower ids are tensors on the device. */
const firstRecordedId = 2 ** 40;
export const isRecorded = (id: number): boolean => id >= firstRecordedId;

/** An error in the function being recorded; the message names the tfjs call. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

let nextRecordedId = firstRecordedId;

export class Recording {
  #graph: Graph;
  #outputs = new Map<number, Output>();
  #ops: RecordedOp[] = [];
  /** Whether XLA will compile the function. */
  readonly xla: boolean;
  /** The tfjs kernel that is running, for messages. */
  kernel = "";

  /** @param xla whether XLA will compile the function */
  constructor(native: Native, { xla }: { readonly xla: boolean }) {
    this.xla = xla;
    this.#graph = new Graph(native);
  }

  [Symbol.dispose](): void {
    this.#graph[Symbol.dispose]();
    this.#outputs.clear();
  }

  /** What was recorded, in an order in which it can be computed. */
  get ops(): readonly RecordedOp[] {
    return this.#ops;
  }

  placeholder(shape: readonly number[], dtype: number): TensorMetadata {
    return this.#describe("Placeholder", this.#graph.placeholder({ shape, dtype }));
  }

  /** Many equal values, as gradients of sums are full of, become an op that makes them. */
  constant(shape: readonly number[], dtype: number, values: ArrayLike<unknown>): number {
    if (values.length > 64 && areEqual(values)) return this.#filled(shape, dtype, values[0]);
    const output = this.#describe("Const", this.#graph.constant({ shape, dtype }, values));
    this.#ops.push({ name: "Const", attributes: [], inputs: [], outputs: [output], values });
    return output.id;
  }

  execute(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputCount: number,
  ): TensorMetadata[] {
    const given = inputs.map((id) => this.#outputOf(id));
    const during = `record ${this.#call(name)}`;
    const outputs = this.#graph.operation(name, attributes, given, outputCount, during)
      .map((output) => this.#describe(name, output));
    this.#ops.push({ name, attributes, inputs: [...inputs], outputs });
    return outputs;
  }

  delete(id: number): void {
    this.#outputs.delete(id);
  }

  /** The error for reading the value of a recorded tensor, which has none. */
  readOfValue(): RecordingError {
    const call = this.kernel === ""
      ? "dataSync(), data() or arraySync()"
      : `tf kernel ${this.kernel}`;
    return new RecordingError(
      `${call} reads the value of a tensor while the function is being recorded; ` +
        `return the tensor and read it from the result`,
    );
  }

  /** The graph from `inputs` to `outputs` as a function; the caller deletes its body. */
  toFunction(
    name: string,
    inputs: readonly number[],
    outputs: readonly number[],
  ): GraphFunction {
    const outputsOf = (ids: readonly number[]) => ids.map((id) => this.#outputOf(id));
    return this.#graph.toFunction(name, outputsOf(inputs), outputsOf(outputs));
  }

  #filled(shape: readonly number[], dtype: number, value: unknown): number {
    const dimensions = this.constant([shape.length], TF_INT32, shape);
    const element = this.constant([], dtype, [value]);
    const types = [typeAttribute("T", dtype), typeAttribute("index_type", TF_INT32)];
    return this.execute("Fill", types, [dimensions, element], 1)[0]!.id;
  }

  #describe(op: string, output: Output): TensorMetadata {
    const type = this.#graph.typeOf(output);
    if (type === undefined) throw new RecordingError(this.#unknownShape(op));
    const id = nextRecordedId++;
    this.#outputs.set(id, output);
    return { id, shape: [...type.shape], dtype: type.dtype };
  }

  #outputOf(id: number): Output {
    const output = this.#outputs.get(id);
    if (output === undefined) throw new RecordingError(this.#outsideTensor());
    return output;
  }

  #call(op: string): string {
    return this.kernel === "" || this.kernel === op ? op : `${this.kernel} (op ${op})`;
  }

  #unknownShape(op: string): string {
    return `the shape of ${
      this.#call(op)
    } depends on values, which a recorded function does not have; ` +
      `use a call whose shape follows from its inputs' shapes`;
  }

  #outsideTensor(): string {
    return `tf kernel ${this.kernel} uses a tensor that was made outside the recorded function; ` +
      `pass it as an input`;
  }
}

function areEqual(values: ArrayLike<unknown>): boolean {
  for (let i = 1; i < values.length; i++) {
    if (!Object.is(values[i], values[0])) return false;
  }
  return true;
}

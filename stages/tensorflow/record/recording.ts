/**
 * Records ops into a TensorFlow graph instead of executing them, and turns the graph into a function.
 * Recorded tensors have ids in a range of their own, a static shape and no value.
 */
import { toBytes } from "../runtime/data_types.ts";
import type { TensorMetadata } from "../runtime/eager.ts";
import { dimensions, type Native } from "../runtime/native.ts";
import { type OpAttribute, setAttribute } from "../runtime/op_attributes.ts";
import { type OpInput, opInputs } from "./op_inputs.ts";

/** Recorded tensors have ids from here on; lower ids are tensors on the device. */
const firstRecordedId = 2 ** 40;
export const isRecorded = (id: number): boolean => id >= firstRecordedId;

/** An error in the function being recorded; the message names the tfjs call. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

export interface RecordedFunction {
  readonly body: Deno.PointerObject;
  readonly operationCount: number;
}

let nextRecordedId = firstRecordedId;
const inputsOfOps = new Map<string, OpInput[]>();

export class Recording {
  #native: Native;
  #graph: Deno.PointerObject;
  /** TF_Output of each recorded tensor: operation address, output index. */
  #outputs = new Map<number, { readonly operation: bigint; readonly index: number }>();
  #operationCount = 0;
  /** Whether XLA will compile the function. */
  readonly xla: boolean;
  /** The tfjs kernel that is running, for messages. */
  kernel = "";

  /** @param xla whether XLA will compile the function */
  constructor(native: Native, { xla }: { readonly xla: boolean }) {
    this.#native = native;
    this.xla = xla;
    this.#graph = native.c.TF_NewGraph()!;
  }

  [Symbol.dispose](): void {
    this.#native.c.TF_DeleteGraph(this.#graph);
    this.#outputs.clear();
  }

  placeholder(shape: readonly number[], dtype: number): TensorMetadata {
    const { c } = this.#native;
    return this.#operation("Placeholder", 1, (op) => {
      c.TF_SetAttrType(op, this.#native.name("dtype"), dtype);
      c.TF_SetAttrShape(op, this.#native.name("shape"), dimensions(shape), shape.length);
    })[0]!;
  }

  constant(shape: readonly number[], dtype: number, values: ArrayLike<unknown>): number {
    const { c, status } = this.#native;
    const host = this.#native.hostTensor(dtype, shape, toBytes(values, dtype));
    const [output] = this.#operation("Const", 1, (op) => {
      c.TF_SetAttrTensor(op, this.#native.name("value"), host, status);
      this.#native.check("record a constant");
      c.TF_SetAttrType(op, this.#native.name("dtype"), dtype);
    });
    c.TF_DeleteTensor(host);
    return output!.id;
  }

  execute(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputCount: number,
  ): TensorMetadata[] {
    for (const id of inputs) {
      if (!isRecorded(id)) throw new RecordingError(this.#outsideTensor());
    }
    const declared = this.#inputsOf(name);
    const lengths = new Map(attributes.map((a) => [a.name, a.value]));
    const listLengths = new Set(declared.map((input) => input.lengthAttr));
    return this.#operation(name, outputCount, (op) => {
      let at = 0;
      for (const { lengthAttr } of declared) {
        if (lengthAttr === undefined) {
          this.#native.c.TF_AddInput(op, this.#outputBytes([inputs[at++]!]));
        } else {
          const length = lengths.get(lengthAttr) as number;
          const list = inputs.slice(at, at += length);
          this.#native.c.TF_AddInputList(op, this.#outputBytes(list), length);
        }
      }
      for (const attribute of attributes) {
        if (!listLengths.has(attribute.name)) {
          setAttribute(this.#native, { target: "TF_", op }, attribute);
        }
      }
    });
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
  ): RecordedFunction {
    const { c, status } = this.#native;
    const body = c.TF_GraphToFunction(
      this.#graph,
      this.#native.name(name),
      0, // no hash appended to the name
      -1, // all operations of the graph
      null,
      inputs.length,
      this.#outputBytes(inputs),
      outputs.length,
      this.#outputBytes(outputs),
      null,
      null,
      null,
      status,
    );
    this.#native.check(`turn the recording ${name} into a function`);
    return { body: body!, operationCount: this.#operationCount };
  }

  #operation(
    type: string,
    outputCount: number,
    fill: (op: Deno.PointerObject) => void,
  ): TensorMetadata[] {
    const { c, status } = this.#native;
    const name = new TextEncoder().encode(`${type}_${this.#operationCount++}\0`);
    const description = c.TF_NewOperation(this.#graph, this.#native.name(type), name)!;
    fill(description);
    const operation = c.TF_FinishOperation(description, status);
    this.#native.check(`record ${this.#call(type)}`);
    const address = Deno.UnsafePointer.value(operation);
    return Array.from({ length: outputCount }, (_, index) => this.#describe(type, address, index));
  }

  #describe(type: string, operation: bigint, index: number): TensorMetadata {
    const { c, status } = this.#native;
    const id = nextRecordedId++;
    this.#outputs.set(id, { operation, index });
    const output = this.#outputBytes([id]);
    const rank = c.TF_GraphGetTensorNumDims(this.#graph, output, status);
    this.#native.check(`get the shape of ${type}`);
    if (rank < 0) throw new RecordingError(this.#unknownShape(type));
    const dims = new BigInt64Array(Math.max(1, rank));
    if (rank > 0) {
      c.TF_GraphGetTensorShape(this.#graph, output, dims, rank, status);
      this.#native.check(`get the shape of ${type}`);
    }
    const shape = Array.from(dims.subarray(0, rank), Number);
    if (shape.some((length) => length < 0)) throw new RecordingError(this.#unknownShape(type));
    return { id, shape, dtype: c.TF_OperationOutputType(output) };
  }

  #inputsOf(op: string): OpInput[] {
    let inputs = inputsOfOps.get(op);
    if (inputs === undefined) {
      const { c, status } = this.#native;
      const buffer = c.TF_NewBuffer()!;
      c.TF_GraphGetOpDef(this.#graph, this.#native.name(op), buffer, status);
      this.#native.check(`look up the op ${op}`);
      const view = new Deno.UnsafePointerView(buffer); // TF_Buffer {void* data; size_t length; ...}
      const data = Deno.UnsafePointer.create(view.getBigUint64(0))!;
      const length = Number(view.getBigUint64(8));
      inputs = opInputs(new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(data, length)));
      c.TF_DeleteBuffer(buffer);
      inputsOfOps.set(op, inputs);
    }
    return inputs;
  }

  /** `TF_Output` structs, 16 bytes each. */
  #outputBytes(ids: readonly number[]): Uint8Array<ArrayBuffer> {
    const view = new DataView(new ArrayBuffer(16 * ids.length));
    ids.forEach((id, index) => {
      const output = this.#outputs.get(id);
      if (output === undefined) throw new RecordingError(this.#outsideTensor());
      view.setBigUint64(16 * index, output.operation, true);
      view.setInt32(16 * index + 8, output.index, true);
    });
    return new Uint8Array(view.buffer);
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

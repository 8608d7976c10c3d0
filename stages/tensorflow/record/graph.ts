/** A TensorFlow graph under construction, and functions made of graphs. */
import { toBytes } from "../runtime/data_types.ts";
import { dimensions, type Native } from "../runtime/native.ts";
import { boolAttribute, type OpAttribute, setAttribute } from "../runtime/op_attributes.ts";
import { type OpInput, opInputs } from "./op_inputs.ts";

/** An output of an operation in a graph (`TF_Output`). */
export interface Output {
  /** Address of the operation. */
  readonly operation: bigint;
  readonly index: number;
}

/** Shape and `TF_DataType` of a tensor. */
export interface TensorType {
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** A graph as a function; `body` belongs to the caller, who deletes it. */
export interface GraphFunction {
  readonly name: string;
  readonly body: Deno.PointerObject;
}

const inputsOfOps = new Map<string, OpInput[]>();

export class Graph {
  #native: Native;
  #graph: Deno.PointerObject;
  #operationCount = 0;

  constructor(native: Native) {
    this.#native = native;
    this.#graph = native.c.TF_NewGraph()!;
  }

  [Symbol.dispose](): void {
    this.#native.c.TF_DeleteGraph(this.#graph);
  }

  placeholder({ shape, dtype }: TensorType): Output {
    const { c } = this.#native;
    return this.#add("Placeholder", 1, "record an input", (op) => {
      c.TF_SetAttrType(op, this.#native.name("dtype"), dtype);
      c.TF_SetAttrShape(op, this.#native.name("shape"), dimensions(shape), shape.length);
    })[0]!;
  }

  constant({ shape, dtype }: TensorType, values: ArrayLike<unknown>): Output {
    const { c, status } = this.#native;
    const host = this.#native.hostTensor(dtype, shape, toBytes(values, dtype));
    try {
      return this.#add("Const", 1, "record a constant", (op) => {
        c.TF_SetAttrTensor(op, this.#native.name("value"), host, status);
        this.#native.check("record a constant");
        c.TF_SetAttrType(op, this.#native.name("dtype"), dtype);
      })[0]!;
    } finally {
      c.TF_DeleteTensor(host);
    }
  }

  /** @param during what is being done, for an error's message */
  operation(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Output[],
    outputCount: number,
    during = `record ${name}`,
  ): Output[] {
    const declared = this.#inputsOf(name);
    const lengths = new Map(attributes.map((a) => [a.name, a.value]));
    const listLengths = new Set(declared.map((input) => input.lengthAttr));
    return this.#add(name, outputCount, during, (op) => {
      let at = 0;
      for (const { lengthAttr } of declared) {
        if (lengthAttr === undefined) {
          this.#native.c.TF_AddInput(op, outputBytes([inputs[at++]!]));
        } else {
          const length = lengths.get(lengthAttr) as number;
          const list = inputs.slice(at, at += length);
          this.#native.c.TF_AddInputList(op, outputBytes(list), length);
        }
      }
      for (const attribute of attributes) {
        if (!listLengths.has(attribute.name)) {
          setAttribute(this.#native, { target: "TF_", op }, attribute);
        }
      }
    });
  }

  /** Makes a function known to this graph, so that `call` can name it. */
  include({ name, body }: GraphFunction): void {
    this.#native.c.TF_GraphCopyFunction(this.#graph, body, null, this.#native.status);
    this.#native.check(`add the function ${name} to a graph`);
  }

  /** A call of an included function, which XLA compiles. The shapes of its outputs are not inferred. */
  call(name: string, inputs: readonly Output[], outputCount: number): Output[] {
    return this.#add(name, outputCount, `call ${name}`, (op) => {
      for (const input of inputs) this.#native.c.TF_AddInput(op, outputBytes([input]));
      setAttribute(this.#native, { target: "TF_", op }, boolAttribute("_XlaMustCompile", true));
    });
  }

  /** The inferred type of an output; undefined if its shape depends on values. */
  typeOf(output: Output): TensorType | undefined {
    const { c, status } = this.#native;
    const bytes = outputBytes([output]);
    const rank = c.TF_GraphGetTensorNumDims(this.#graph, bytes, status);
    this.#native.check("get the rank of an output");
    if (rank < 0) return undefined;
    const dims = new BigInt64Array(Math.max(1, rank));
    if (rank > 0) {
      c.TF_GraphGetTensorShape(this.#graph, bytes, dims, rank, status);
      this.#native.check("get the shape of an output");
    }
    const shape = Array.from(dims.subarray(0, rank), Number);
    if (shape.some((length) => length < 0)) return undefined;
    return { shape, dtype: c.TF_OperationOutputType(bytes) };
  }

  /** The graph from `inputs`, which are placeholders, to `outputs`. */
  toFunction(
    name: string,
    inputs: readonly Output[],
    outputs: readonly Output[],
  ): GraphFunction {
    const { c, status } = this.#native;
    const body = c.TF_GraphToFunction(
      this.#graph,
      this.#native.name(name),
      0, // no hash appended to the name
      -1, // all operations of the graph
      null,
      inputs.length,
      outputBytes(inputs),
      outputs.length,
      outputBytes(outputs),
      null,
      null,
      null,
      status,
    );
    this.#native.check(`turn the recording ${name} into a function`);
    return { name, body: body! };
  }

  #add(
    type: string,
    outputCount: number,
    during: string,
    fill: (op: Deno.PointerObject) => void,
  ): Output[] {
    const { c, status } = this.#native;
    const name = new TextEncoder().encode(`${type}_${this.#operationCount++}\0`);
    const description = c.TF_NewOperation(this.#graph, this.#native.name(type), name)!;
    fill(description);
    const operation = Deno.UnsafePointer.value(c.TF_FinishOperation(description, status));
    this.#native.check(during);
    return Array.from({ length: outputCount }, (_, index) => ({ operation, index }));
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
}

/** `TF_Output` structs, 16 bytes each. */
function outputBytes(outputs: readonly Output[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(16 * outputs.length));
  outputs.forEach(({ operation, index }, place) => {
    view.setBigUint64(16 * place, operation, true);
    view.setInt32(16 * place + 8, index, true);
  });
  return new Uint8Array(view.buffer);
}

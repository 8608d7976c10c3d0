/**
 * Executes ops one by one and owns the tensors on the device. Pointers do not leave this file;
 * everything else refers to tensors by ids.
 */
import { fromBytes, TF_STRING, toBytes } from "./data_types.ts";
import { type FunctionRoute, routeAttributes } from "./function_route.ts";
import { type BytesAt, type Native, text } from "./native.ts";
import {
  boolAttribute,
  functionAttribute,
  intAttribute,
  type OpAttribute,
  setAttribute,
  typeListAttribute,
} from "./op_attributes.ts";
import { type SessionConfig, sessionConfigBytes } from "./session_config.ts";

/** An op's output, as described to a kernel. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

export interface Device {
  /** As TensorFlow names it: `/job:localhost/replica:0/task:0/device:CPU:0`. */
  readonly name: string;
  /** "CPU" or "GPU". */
  readonly kind: string;
  /** Bytes that programs may use on it, as TensorFlow says; on a CPU it does not know. */
  readonly bytes: number;
}

/** Bytes of a `TF_TString`. */
const stringSize = 24;

export class EagerContext {
  readonly devices: readonly Device[];
  /** Where ops run: the first GPU, else the CPU. */
  readonly device: Device;
  #native: Native;
  #context: Deno.PointerObject;
  #handles = new Map<number, Deno.PointerObject>();
  #nextId = 1;

  constructor(native: Native, config: SessionConfig) {
    const { c, status } = native;
    const options = c.TFE_NewContextOptions()!;
    const bytes = sessionConfigBytes(config);
    c.TFE_ContextOptionsSetConfig(options, bytes, BigInt(bytes.length), status);
    native.check("read the session configuration");
    const context = c.TFE_NewContext(options, status);
    native.check("start TensorFlow's eager context");
    c.TFE_DeleteContextOptions(options);
    this.#native = native;
    this.#context = context!;
    this.devices = this.#listDevices();
    this.device = this.devices.find((device) => device.kind === "GPU") ?? this.devices[0]!;
  }

  get #onCpu(): boolean {
    return this.device.kind === "CPU";
  }

  /** Tensors alive on the device. */
  get tensorCount(): number {
    return this.#handles.size;
  }

  createTensor(shape: readonly number[], dtype: number, values: ArrayLike<unknown>): number {
    return this.#toDevice(this.#native.hostTensor(dtype, shape, toBytes(values, dtype)));
  }

  /** A tensor of `size` bytes that `fill` writes in place. */
  fillTensor(
    { shape, dtype, size }: Omit<TensorMetadata, "id"> & { readonly size: number },
    fill: (bytesAt: BytesAt) => void,
  ): number {
    return this.#toDevice(this.#native.filledTensor(dtype, shape, size, fill));
  }

  /** A scalar of type string, on the host. */
  createString(value: string): number {
    const bytes = new TextEncoder().encode(value);
    const host = this.#native.filledTensor(TF_STRING, [], stringSize, (bytesAt) => {
      const string = bytesAt(0, stringSize);
      this.#native.c.TF_StringInit(string);
      this.#native.c.TF_StringCopy(string, bytes, BigInt(bytes.length));
    });
    const handle = this.#native.c.TFE_NewTensorHandle(host, this.#native.status);
    this.#native.c.TF_DeleteTensor(host);
    this.#native.check("create a string");
    return this.#own(handle!);
  }

  #toDevice(host: Deno.PointerObject): number {
    const { c, status } = this.#native;
    let handle = c.TFE_NewTensorHandle(host, status);
    c.TF_DeleteTensor(host);
    this.#native.check("create a tensor");
    if (!this.#onCpu) {
      const name = this.#native.name(this.device.name);
      const moved = c.TFE_TensorHandleCopyToDevice(handle, this.#context, name, status);
      c.TFE_DeleteTensorHandle(handle);
      this.#native.check("copy a tensor to the device");
      handle = moved;
    }
    return this.#own(handle!);
  }

  deleteTensor(id: number): void {
    const handle = this.#handle(id);
    this.#handles.delete(id);
    this.#native.c.TFE_DeleteTensorHandle(handle);
  }

  /** A copy of the values. */
  read(id: number): Float32Array | Int32Array | Uint8Array {
    const { c, status } = this.#native;
    const handle = this.#handle(id);
    const tensor = c.TFE_TensorHandleResolve(handle, status);
    this.#native.check("read a tensor");
    const size = Number(c.TF_TensorByteSize(tensor));
    const bytes = size === 0
      ? new ArrayBuffer(0)
      : Deno.UnsafePointerView.getArrayBuffer(c.TF_TensorData(tensor)!, size).slice(0);
    c.TF_DeleteTensor(tensor);
    return fromBytes(bytes, c.TFE_TensorHandleDataType(handle));
  }

  /** Runs an op and describes its outputs. */
  execute(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputCount: number,
  ): TensorMetadata[] {
    return this.#run(name, attributes, inputs, outputCount).map((handle) => {
      const { shape, dtype } = this.#describe(handle);
      return { id: this.#own(handle), shape, dtype };
    });
  }

  /** Runs a function added by `addFunction`, whose output shapes the caller knows. */
  callFunction(
    name: string,
    inputs: readonly number[],
    outputCount: number,
    route: FunctionRoute,
  ): number[] {
    return this.#run(name, routeAttributes(route), inputs, outputCount)
      .map((handle) => this.#own(handle));
  }

  /** Like `callFunction`, on another thread: the event loop goes on. Inputs may be freed meanwhile. */
  async callFunctionElsewhere(
    name: string,
    inputs: readonly number[],
    outputCount: number,
    route: FunctionRoute,
  ): Promise<number[]> {
    const { c } = this.#native;
    const op = this.#newOp(name, routeAttributes(route), inputs);
    const status = c.TF_NewStatus()!; // the shared one is for calls of this thread
    try {
      const outputs = new BigUint64Array(Math.max(1, outputCount));
      await c.executeElsewhere(op, outputs, new Int32Array([outputCount]), status);
      this.#native.check(`run ${name}`, status);
      return handlesIn(outputs, outputCount).map((handle) => this.#own(handle));
    } finally {
      c.TF_DeleteStatus(status);
      c.TFE_DeleteOp(op);
    }
  }

  /** Has XLA compile a function added by `addFunction`. It is not run, and no input is read. */
  compileFunction(name: string, inputs: readonly number[]): void {
    const { c } = this.#native;
    const types = inputs.map((id) => c.TFE_TensorHandleDataType(this.#handle(id)));
    const attributes = [
      functionAttribute("function", name),
      boolAttribute("must_compile", true),
      boolAttribute("_XlaHasReferenceVars", false),
      typeListAttribute("Tconstants", []),
      typeListAttribute("Targs", types),
      intAttribute("Nresources", 0),
    ];
    const compiled = this.#run("_XlaCompile", attributes, inputs, 2);
    for (const handle of compiled) c.TFE_DeleteTensorHandle(handle);
  }

  addFunction(body: Deno.PointerObject): void {
    this.#native.c.TFE_ContextAddFunction(this.#context, body, this.#native.status);
    this.#native.check("add a recorded function");
  }

  removeFunction(name: string): void {
    const { c, status } = this.#native;
    c.TFE_ContextRemoveFunction(this.#context, this.#native.name(name), status);
    this.#native.check(`remove the recorded function ${name}`);
  }

  #run(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputCount: number,
  ): Deno.PointerObject[] {
    const { c, status } = this.#native;
    const op = this.#newOp(name, attributes, inputs);
    try {
      const outputs = new BigUint64Array(Math.max(1, outputCount));
      const count = new Int32Array([outputCount]);
      c.TFE_Execute(op, outputs, count, status);
      this.#native.check(`run ${name}`);
      return handlesIn(outputs, outputCount);
    } finally {
      c.TFE_DeleteOp(op);
    }
  }

  /** An op with its inputs, to be executed and deleted. */
  #newOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
  ): Deno.PointerObject {
    const { c, status } = this.#native;
    const op = c.TFE_NewOp(this.#context, this.#native.name(name), status);
    this.#native.check(`look up the op ${name}`);
    try {
      if (!this.#onCpu) {
        c.TFE_OpSetDevice(op, this.#native.name(this.device.name), status);
        this.#native.check(`place ${name} on ${this.device.name}`);
      }
      for (const attribute of attributes) {
        setAttribute(this.#native, { target: "TFE_Op", op }, attribute);
      }
      for (const id of inputs) {
        c.TFE_OpAddInput(op, this.#handle(id), status);
        this.#native.check(`pass ${name} its inputs`);
      }
      return op!;
    } catch (error) {
      c.TFE_DeleteOp(op);
      throw error;
    }
  }

  #describe(handle: Deno.PointerObject): { shape: number[]; dtype: number } {
    const { c, status } = this.#native;
    const rank = c.TFE_TensorHandleNumDims(handle, status);
    this.#native.check("get a tensor's rank");
    const shape = Array.from(
      { length: rank },
      (_, axis) => Number(c.TFE_TensorHandleDim(handle, axis, status)),
    );
    return { shape, dtype: c.TFE_TensorHandleDataType(handle) };
  }

  #own(handle: Deno.PointerObject): number {
    const id = this.#nextId++;
    this.#handles.set(id, handle);
    return id;
  }

  #handle(id: number): Deno.PointerObject {
    const handle = this.#handles.get(id);
    if (handle === undefined) {
      throw new Error(`internal: device tensor ${id} was used after it was freed`);
    }
    return handle;
  }

  #listDevices(): Device[] {
    const { c, status } = this.#native;
    const list = c.TFE_ContextListDevices(this.#context, status);
    this.#native.check("list the devices");
    const devices = Array.from({ length: c.TF_DeviceListCount(list) }, (_, index) => ({
      name: text(c.TF_DeviceListName(list, index, status)),
      kind: text(c.TF_DeviceListType(list, index, status)),
      bytes: Number(c.TF_DeviceListMemoryBytes(list, index, status)),
    }));
    c.TF_DeleteDeviceList(list);
    return devices;
  }
}

function handlesIn(addresses: BigUint64Array, count: number): Deno.PointerObject[] {
  return Array.from(
    addresses.subarray(0, count),
    (address) => Deno.UnsafePointer.create(address)!,
  );
}

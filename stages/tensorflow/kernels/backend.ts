/**
 * tfjs's backend `tensorflow`: the kernels of `@tensorflow/tfjs-node-gpu` over our own binding, which
 * executes them at once or, within `record`, writes them into a graph. The package's native addon is
 * never loaded.
 */
import util from "node:util";
import * as tf from "@tensorflow/tfjs";
import * as dataTypes from "../runtime/data_types.ts";
import { EagerContext, type TensorMetadata } from "../runtime/eager.ts";
import { openLibrary } from "../library/open_library.ts";
import type { Native } from "../runtime/native.ts";
import { attributeKinds, type OpAttribute } from "../runtime/op_attributes.ts";
import { registerKeyedUniform } from "./random.ts";
import { registerRoundedMatMul } from "./rounded_product.ts";
import { isRecorded, Recording, RecordingError } from "../record/trace.ts";

export const backendName = "tensorflow";

export interface ComputeOptions {
  /** Threads that one program may use. */
  readonly threads: number;
}

/** What kernels see of the backend (`NodeJSKernelBackend` of the package), as far as it is used here. */
export interface KernelBackend {
  readonly binding: Binding;
  readonly tensorMap: { get(dataId: object): TensorEntry; has(dataId: object): boolean };
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.TensorInfo[]): tf.Tensor;
}

interface TensorEntry {
  readonly shape: number[];
  readonly dtype: number;
  /** Host values that are not on the device yet. */
  readonly values: ArrayLike<unknown> | null;
  readonly id: number;
}

/** One TensorFlow per process: library, context, and the recording under way, if any. */
export class Binding {
  readonly TensorMetadata = class {};
  readonly TFEOpAttr = class {};
  readonly TF_Version: string;
  readonly TF_FLOAT = dataTypes.TF_FLOAT;
  readonly TF_INT32 = dataTypes.TF_INT32;
  readonly TF_INT64 = dataTypes.TF_INT64;
  readonly TF_BOOL = dataTypes.TF_BOOL;
  readonly TF_COMPLEX64 = dataTypes.TF_COMPLEX64;
  readonly TF_STRING = dataTypes.TF_STRING;
  readonly TF_RESOURCE = dataTypes.TF_RESOURCE;
  readonly TF_UINT8 = dataTypes.TF_UINT8;
  recording: Recording | undefined;

  constructor(readonly native: Native, readonly eager: EagerContext) {
    this.TF_Version = native.version;
    Object.assign(this, attributeKinds);
  }

  /** TensorFlow's number for a tfjs element type. */
  typeOf(dtype: string): number {
    const types: Record<string, number> = {
      float32: dataTypes.TF_FLOAT,
      int32: dataTypes.TF_INT32,
      bool: dataTypes.TF_BOOL,
    };
    const type = types[dtype];
    if (type === undefined) throw new RecordingError(`tensors of type ${dtype} cannot be compiled`);
    return type;
  }

  isUsingGpuDevice(): boolean {
    return this.eager.device.kind === "GPU";
  }

  getNumOfTensors(): number {
    return this.eager.tensorCount;
  }

  createTensor(shape: readonly number[], dtype: number, values: ArrayLike<unknown>): number {
    return this.recording?.constant(shape, dtype, values) ??
      this.eager.createTensor(shape, dtype, values);
  }

  deleteTensor(id: number): void {
    if (!isRecorded(id)) this.eager.deleteTensor(id);
    else this.recording?.delete(id);
  }

  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array {
    if (!isRecorded(id)) return this.eager.read(id);
    throw this.recording?.readOfValue() ??
      new RecordingError("a tensor of a recorded function was kept and read after the recording");
  }

  executeOp(
    name: string,
    attributes: OpAttribute[],
    inputs: number[],
    outputCount: number,
  ): TensorMetadata[] {
    return (this.recording ?? this.eager).execute(name, attributes, inputs, outputCount);
  }
}

/** What a started backend tells and can do. */
export interface Compute {
  readonly backend: KernelBackend;
  readonly binding: Binding;
  /** "CPU" or "GPU". */
  readonly deviceKind: string;
  /** One line for people: library, version, device, threads. */
  readonly description: string;
}

let started: Promise<Compute> | undefined;
let startedThreads = 0;

/** Opens the library, registers the backend and makes it tfjs's current one; once per process. */
export function startCompute(options: ComputeOptions): Promise<Compute> {
  if (started !== undefined && startedThreads !== options.threads) {
    throw new Error(
      `internal: TensorFlow runs with ${startedThreads} threads in this process, not ${options.threads}`,
    );
  }
  startedThreads = options.threads;
  started ??= start(options);
  return started;
}

async function start({ threads }: ComputeOptions): Promise<Compute> {
  const native = openLibrary();
  const eager = new EagerContext(native, {
    intraOpThreads: threads,
    interOpThreads: 1,
    gpuMemoryGrowth: true,
  });
  const binding = new Binding(native, eager);
  restoreUtil();
  const { NodeJSKernelBackend } = await import(
    "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js"
  );
  const backend = recordingBackend(NodeJSKernelBackend, binding);
  tf.registerBackend(backendName, () => backend as unknown as tf.KernelBackend, 3);
  await import("@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js");
  replaceKernels();
  nameKernels(binding);
  if (!await tf.setBackend(backendName)) throw new Error("internal: tfjs refused our backend");
  tf.env().set("CHECK_COMPUTATION_FOR_ERRORS", false);
  const { kind } = eager.device;
  return {
    backend,
    binding,
    deviceKind: kind,
    description: `TensorFlow ${native.version} on ${kind}, ${threads} thread${
      threads === 1 ? "" : "s"
    }`,
  };
}

/** The package calls functions of `node:util` that today's runtimes no longer have. */
function restoreUtil(): void {
  const gone: Record<string, unknown> = {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  };
  for (const [name, replacement] of Object.entries(gone)) {
    (util as unknown as Record<string, unknown>)[name] ??= replacement;
  }
}

// deno-lint-ignore no-explicit-any
type BackendClass = new (binding: any, packageName: string) => any;

/**
 * The package's backend with two changes: a host tensor that was made before a recording began is
 * refused inside it, since uploading it then would leave the graph's id in a tensor that outlives the
 * graph; and constants that a kernel makes on the fly (`Int64Scalar`) are freed after the op.
 */
function recordingBackend(Base: BackendClass, binding: Binding): KernelBackend {
  class RecordingBackend extends Base {
    #madeIn = new WeakMap<object, Recording | undefined>();

    move(dataId: object, values: unknown, shape: number[], dtype: string, refCount: number): void {
      super.move(dataId, values, shape, dtype, refCount);
      this.#madeIn.set(dataId, binding.recording);
    }

    getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[] {
      for (const { dataId } of tensors) {
        const waiting = dataId !== undefined && this.tensorMap.get(dataId)?.values != null;
        if (waiting && this.#madeIn.get(dataId) !== binding.recording) {
          throw new RecordingError(
            `tf kernel ${binding.recording?.kernel} uses a tensor that was made outside the ` +
              `recorded function; pass it as an input`,
          );
        }
      }
      return super.getInputTensorIds(tensors);
    }

    #execute(name: string, attributes: OpAttribute[], inputs: tf.TensorInfo[], outputs: number) {
      const ids = this.getInputTensorIds(inputs);
      try {
        return binding.executeOp(name, attributes, ids, outputs)
          .map((metadata) => this.createOutputTensor(metadata));
      } finally {
        inputs.forEach((input, place) => {
          if (input.dataId === undefined) binding.deleteTensor(ids[place]!);
        });
      }
    }

    executeSingleOutput(
      name: string,
      attributes: OpAttribute[],
      inputs: tf.TensorInfo[],
    ): tf.Tensor {
      return this.#execute(name, attributes, inputs, 1)[0]!;
    }

    executeMultipleOutputs(
      name: string,
      attributes: OpAttribute[],
      inputs: tf.TensorInfo[],
      outputs: number,
    ): tf.Tensor[] {
      return this.#execute(name, attributes, inputs, outputs);
    }
  }
  return new RecordingBackend(binding, "@tensorflow/tfjs-node-gpu") as unknown as KernelBackend;
}

/** Kernels of our own, in place of the package's or beside them. */
function replaceKernels(): void {
  tf.unregisterKernel(tf.GatherV2, backendName);
  tf.registerKernel({
    kernelName: tf.GatherV2,
    backendName,
    // The package's kernel reads the indices on the host to check them; TensorFlow checks them itself.
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
      const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
      const kernels = backend as unknown as KernelBackend;
      const { binding } = kernels;
      const axisTensor = tf.scalar(axis, "int32");
      const output = kernels.executeSingleOutput("GatherV2", [
        { name: "batch_dims", type: attributeKinds.TF_ATTR_INT, value: batchDims },
        { name: "Tparams", type: attributeKinds.TF_ATTR_TYPE, value: binding.typeOf(x.dtype) },
        {
          name: "Tindices",
          type: attributeKinds.TF_ATTR_TYPE,
          value: binding.typeOf(indices.dtype),
        },
        { name: "Taxis", type: attributeKinds.TF_ATTR_TYPE, value: binding.TF_INT32 },
      ], [x, indices, axisTensor]);
      axisTensor.dispose();
      return output;
    },
  });
  registerKeyedUniform(backendName);
  registerRoundedMatMul(backendName);
}

/** Lets the recording know which kernel is under way, so that its errors can name it. */
function nameKernels(binding: Binding): void {
  for (const kernel of tf.getKernelsForBackend(backendName)) {
    tf.unregisterKernel(kernel.kernelName, backendName);
    tf.registerKernel({
      ...kernel,
      kernelFunc: (parameters) => {
        const { recording } = binding;
        if (recording === undefined) return kernel.kernelFunc(parameters);
        const outer = recording.kernel;
        recording.kernel = kernel.kernelName;
        try {
          return kernel.kernelFunc(parameters);
        } finally {
          recording.kernel = outer;
        }
      },
    });
  }
}

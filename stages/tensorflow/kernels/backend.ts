/**
 * Starts TensorFlow: the entry point of `stages/tensorflow`.
 *
 *     runtime/    the C library as it is: symbols, eager context, element types, op attributes
 *     library/    finds, fetches and opens it                                   (imports runtime)
 *     compiled/   keeps what XLA compiled for other processes                   (imports runtime)
 *     record/     writes ops into a graph instead of executing them             (imports runtime)
 *     kernels/    tfjs's backend `tensorflow` over both                         (imports the above)
 *     programs/   compiles a function over tensors into one XLA program         (imports the above)
 *
 * The backend consists of the kernels of `@tensorflow/tfjs-node-gpu` over our own binding; the
 * package's native addon is never loaded. Three kernels are ours alone. What they compute is defined as
 * part of the model, by an oracle on the CPU: `stages/model/keyed_random.ts`,
 * `stages/model/matrix_product.ts` and `stages/model/widened_halves.ts`.
 */
import util from "node:util";
import * as tf from "@tensorflow/tfjs";
import { compileCache, CompiledFunctions } from "../compiled/compiled_functions.ts";
import { describeGpus } from "../library/cuda_driver.ts";
import { openLibrary } from "../library/open_library.ts";
import { requirePlannedDevice } from "../library/planned_device.ts";
import { disableTensorFloat } from "../library/tensor_float.ts";
import { type Recording, RecordingError } from "../record/recording.ts";
import { EagerContext } from "../runtime/eager.ts";
import type { OpAttribute } from "../runtime/op_attributes.ts";
import { backendName, Binding, type KernelBackend } from "./binding.ts";
import { registerGather } from "./gather.ts";
import { registerKeyedUniform } from "./random.ts";
import { registerRoundedMatMul } from "./rounded_product.ts";
import { registerWidenedHalves } from "./widened_halves.ts";

export interface ComputeOptions {
  /** Threads that one program may use. */
  readonly threads: number;
}

/** A started backend. */
export interface Compute {
  readonly backend: KernelBackend;
  readonly binding: Binding;
  /** "CPU" or "GPU". */
  readonly deviceKind: string;
  /** Bytes that programs may use on the device, as TensorFlow says; on a CPU it does not know. */
  readonly deviceBytes: number;
  /** Bytes of a GPU in all, which are the same in every run, whatever else uses it; 0 on a CPU. */
  readonly gpuMemory: number;
  /** Threads that one program may use. */
  readonly threads: number;
  /** Functions that other processes have compiled, for the first call of a program. */
  readonly compiled: CompiledFunctions | undefined;
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
  const { native, compiledFolder } = openLibrary();
  const memory = compiledFolder === undefined ? undefined : compileCache(native);
  const eager = new EagerContext(native, {
    intraOpThreads: threads,
    interOpThreads: 1,
    gpuMemoryGrowth: true,
  });
  requirePlannedDevice(eager.devices, { libraryPath: native.path });
  // On a processor it changes no number, only how XLA compiles.
  if (eager.device.kind === "GPU") disableTensorFloat(native.path);
  const binding = new Binding(native, eager);
  restoreUtil();
  const { NodeJSKernelBackend } = await import(
    "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js"
  );
  const backend = recordingBackend(NodeJSKernelBackend, binding);
  tf.registerBackend(backendName, () => backend as unknown as tf.KernelBackend, 3);
  await import("@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js");
  registerGather(backendName);
  registerKeyedUniform(backendName);
  registerRoundedMatMul(backendName);
  registerWidenedHalves(backendName);
  nameKernels(binding);
  if (!await tf.setBackend(backendName)) throw new Error("internal: tfjs refused our backend");
  tf.env().set("CHECK_COMPUTATION_FOR_ERRORS", false);
  const { kind, bytes } = eager.device;
  return {
    backend,
    binding,
    deviceKind: kind,
    deviceBytes: bytes,
    gpuMemory: kind === "GPU" ? describeGpus()[0]?.memory ?? 0 : 0,
    threads,
    compiled: kind === "CPU" && memory !== undefined
      ? new CompiledFunctions(binding, memory, `${compiledFolder}-${threads}`)
      : undefined,
    description: `TensorFlow ${native.version} on ${kind}, ${threads} thread${
      threads === 1 ? "" : "s"
    }`,
  };
}

/** The package calls functions of `node:util` that current runtimes no longer have. */
function restoreUtil(): void {
  const removed: Record<string, unknown> = {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  };
  for (const [name, replacement] of Object.entries(removed)) {
    (util as unknown as Record<string, unknown>)[name] ??= replacement;
  }
}

// deno-lint-ignore no-explicit-any
type BackendClass = new (binding: any, packageName: string) => any;

/**
 * The package's backend with two changes. A host tensor that was made before a recording began is
 * refused within it: uploading it then would leave the graph's id in a tensor that outlives the graph.
 * Constants that a kernel makes on the fly (`Int64Scalar`) are freed after the op.
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
        inputs.forEach((input, index) => {
          if (input.dataId === undefined) binding.deleteTensor(ids[index]!);
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

/** Lets the recording know which kernel is running, so its errors can name it. */
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

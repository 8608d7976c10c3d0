/**
 * What kernels see of TensorFlow: the binding that their package expects (tfjs_binding.d.ts of
 * `@tensorflow/tfjs-node-gpu`), over our own library, and the backend as far as our kernels use it.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { isRecorded, type Recording, RecordingError } from "../record/recording.ts";
import * as dataTypes from "../runtime/data_types.ts";
import type { EagerContext, TensorMetadata } from "../runtime/eager.ts";
import type { Native } from "../runtime/native.ts";
import { attributeKinds, type OpAttribute } from "../runtime/op_attributes.ts";

/** Our backend's name in tfjs. */
export const backendName = "tensorflow";

/** The backend (`NodeJSKernelBackend` of the package), as far as it is used here. */
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

/**
 * One per process: library, eager context, and the recording in progress, if any. Ops are executed at
 * once, or go into the recording.
 */
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

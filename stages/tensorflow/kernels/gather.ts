/**
 * The kernel `GatherV2` in place of the package's, which reads the indices on the host to check them:
 * a recorded function has no values to read, and TensorFlow checks the indices itself.
 */
import * as tf from "@tensorflow/tfjs-core";
import { TF_INT32 } from "../runtime/data_types.ts";
import { intAttribute, typeAttribute } from "../runtime/op_attributes.ts";
import type { KernelBackend } from "./binding.ts";

export function registerGather(backendName: string): void {
  tf.unregisterKernel(tf.GatherV2, backendName);
  tf.registerKernel({
    kernelName: tf.GatherV2,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
      const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
      const kernels = backend as unknown as KernelBackend;
      const { binding } = kernels;
      const axisTensor = tf.scalar(axis, "int32");
      const output = kernels.executeSingleOutput("GatherV2", [
        intAttribute("batch_dims", batchDims),
        typeAttribute("Tparams", binding.typeOf(x.dtype)),
        typeAttribute("Tindices", binding.typeOf(indices.dtype)),
        typeAttribute("Taxis", TF_INT32),
      ], [x, indices, axisTensor]);
      axisTensor.dispose();
      return output;
    },
  });
}

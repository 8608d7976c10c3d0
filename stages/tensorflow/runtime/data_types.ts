/** TensorFlow's element types (`TF_DataType`, tensorflow/c/tf_datatype.h) and their arrays. */
export const TF_FLOAT = 1;
export const TF_INT32 = 3;
export const TF_UINT8 = 4;
export const TF_STRING = 7;
export const TF_COMPLEX64 = 8;
export const TF_INT64 = 9;
export const TF_BOOL = 10;
export const TF_BFLOAT16 = 14;
export const TF_HALF = 19;
export const TF_RESOURCE = 20;
export const TF_UINT32 = 22;

type Values = Float32Array | Int32Array | Uint8Array | BigInt64Array | Uint32Array;

/** Values from tfjs (typed arrays, plain arrays, booleans) as bytes in TensorFlow's layout. */
export function toBytes(values: ArrayLike<unknown>, dtype: number): Uint8Array<ArrayBuffer> {
  const array = toArray(values, dtype);
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

function toArray(values: ArrayLike<unknown>, dtype: number): Values {
  const numbers = values as ArrayLike<number>;
  switch (dtype) {
    case TF_FLOAT:
      return values instanceof Float32Array ? values : Float32Array.from(numbers);
    case TF_INT32:
      return values instanceof Int32Array ? values : Int32Array.from(numbers);
    case TF_UINT8:
      return values instanceof Uint8Array ? values : Uint8Array.from(numbers);
    case TF_BOOL:
      return values instanceof Uint8Array ? values : Uint8Array.from(numbers, (x) => x ? 1 : 0);
    case TF_INT64:
      return values instanceof BigInt64Array
        ? values
        : BigInt64Array.from(Array.from(numbers, BigInt));
    default:
      throw new TypeError(`internal: values of TensorFlow type ${dtype} cannot be written`);
  }
}

/** A view of TensorFlow's bytes with the element type tfjs expects; int64 is narrowed to int32. */
export function fromBytes(
  bytes: ArrayBuffer,
  dtype: number,
): Float32Array | Int32Array | Uint8Array {
  switch (dtype) {
    case TF_FLOAT:
      return new Float32Array(bytes);
    case TF_INT32:
      return new Int32Array(bytes);
    case TF_UINT8:
    case TF_BOOL:
      return new Uint8Array(bytes);
    case TF_INT64:
      return Int32Array.from(Array.from(new BigInt64Array(bytes), Number));
    default:
      throw new TypeError(`internal: values of TensorFlow type ${dtype} cannot be read`);
  }
}

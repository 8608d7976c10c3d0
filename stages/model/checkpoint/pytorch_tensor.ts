/**
 * Tensors of a PyTorch checkpoint, as its pickle describes them: a storage (a flat array that several
 * tensors may share), an offset, sizes and strides. Described first, read afterwards.
 */
import type { ByteSource } from "../../data/formats/byte_source.ts";
import { floatBytes, type FloatFormat, toFloat32 } from "../../data/formats/float_formats.ts";
import type { Wrong } from "../../data/formats/foreign_file.ts";
import type { HostTensor } from "../weights.ts";
import type { PickleWorld } from "./pickle_reader.ts";
import { isKind, type PickleValue } from "./pickle_value.ts";

/** A storage, which the container finds by its `key`. */
export interface PickledStorage {
  readonly kind: "storage";
  readonly key: string;
  readonly format: StorageFormat;
  /** Numbers in the whole storage. */
  readonly length: number;
  /** First number and length of the part that is used (old streams name parts of storages). */
  readonly from: number;
  readonly count: number;
}

export interface PickledTensor {
  readonly kind: "tensor";
  readonly storage: PickledStorage;
  /** In numbers, from the storage's start. The whole tensor is checked to lie within the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export type PytorchValue = PickleValue<PickledStorage | PickledTensor>;

export type StorageFormat = FloatFormat | "integer";

/** Format and bytes per number, by the class of the storage in PyTorch. */
const storages: ReadonlyMap<string, { readonly format: StorageFormat; readonly bytes: number }> =
  new Map([
    ["torch.FloatStorage", { format: "float32", bytes: 4 }],
    ["torch.HalfStorage", { format: "float16", bytes: 2 }],
    ["torch.BFloat16Storage", { format: "bfloat16", bytes: 2 }],
    ["torch.DoubleStorage", { format: "float64", bytes: 8 }],
    ["torch.LongStorage", { format: "integer", bytes: 8 }],
    ["torch.IntStorage", { format: "integer", bytes: 4 }],
    ["torch.ShortStorage", { format: "integer", bytes: 2 }],
    ["torch.CharStorage", { format: "integer", bytes: 1 }],
    ["torch.ByteStorage", { format: "integer", bytes: 1 }],
    ["torch.BoolStorage", { format: "integer", bytes: 1 }],
  ]);

/** What a container must have for a storage. */
export interface StorageNeed {
  readonly key: string;
  readonly length: number;
  readonly bytes: number;
}

/** What a state dict's pickle may refer to, and the storages that it has named so far, by key. */
export function pytorchWorld(wrong: Wrong): {
  readonly world: PickleWorld<PickledStorage | PickledTensor>;
  readonly needs: ReadonlyMap<string, StorageNeed>;
} {
  const needs = new Map<string, StorageNeed & { readonly format: StorageFormat }>();
  const world: PickleWorld<PickledStorage | PickledTensor> = {
    callables: new Map<string, ((args: readonly PytorchValue[]) => PytorchValue) | "named only">([
      ...[...storages.keys()].map((name) => [name, "named only"] as const),
      ["collections.OrderedDict", (args) => {
        if (args.length > 0) throw wrong("an OrderedDict is created with arguments");
        return { kind: "dict", entries: new Map(), ordered: true };
      }],
      ["torch.Size", ([sizes]) => {
        if (!isKind(sizes!, "tuple")) {
          throw wrong("a torch.Size is created from something other than a tuple");
        }
        return sizes;
      }],
      ["torch._utils._rebuild_tensor_v2", (args) => rebuildTensor(args, wrong)],
      ["torch._utils._rebuild_parameter", ([tensor]) => {
        if (!isKind(tensor!, "tensor")) {
          throw wrong("a parameter is created from something other than a tensor");
        }
        return tensor;
      }],
    ]),
    persistent(id) {
      const storage = describeStorage(id, wrong);
      const { bytes } = storage;
      const { key, length, format } = storage.storage;
      const before = needs.get(key);
      if (before !== undefined && (before.length !== length || before.format !== format)) {
        throw wrong(`storage ${JSON.stringify(key)} is described in two ways`);
      }
      needs.set(key, { key, length, bytes: length * bytes, format });
      return storage.storage;
    },
  };
  return { world, needs };
}

/** ("storage", class, key, location, length); in streams a sixth item, None or a part of the storage. */
function describeStorage(id: PytorchValue, wrong: Wrong) {
  const items = isKind(id, "tuple") ? id.items : [];
  const [tag, type, key, _location, length, part = null] = items;
  const known = isKind(type!, "callable") ? storages.get(type.name) : undefined;
  if (tag !== "storage" || typeof key !== "string" || !isSize(length) || known === undefined) {
    throw wrong("it describes a storage in a way that PyTorch never does");
  }
  let [from, count] = [0, length];
  if (part !== null) {
    const [_key, start, size] = isKind(part, "tuple") ? part.items : [];
    if (!isSize(start) || !isSize(size) || start + size > length) {
      throw wrong(`a part of storage ${JSON.stringify(key)} lies outside of it`);
    }
    [from, count] = [start, size];
  }
  const storage: PickledStorage = {
    kind: "storage",
    key,
    format: known.format,
    length,
    from,
    count,
  };
  return { storage, bytes: known.bytes };
}

/** PyTorch's own limit. */
const MOST_AXES = 64;

/** From (storage, offset, sizes, strides, requires_grad, hooks); it must lie within the storage. */
function rebuildTensor(args: readonly PytorchValue[], wrong: Wrong): PickledTensor {
  const [storage = null, offset, sizes = null, steps = null] = args;
  if (!isKind(storage, "storage") || !isSize(offset)) throw wrong("a tensor has no storage");
  const shape = isKind(sizes, "tuple") ? sizes.items : [];
  const strides = isKind(steps, "tuple") ? steps.items : [];
  if (
    !isKind(sizes, "tuple") || !shape.every(isSize) || !strides.every(isSize) ||
    shape.length !== strides.length || shape.length > MOST_AXES
  ) {
    throw wrong("a tensor has no shape");
  }
  const count = shape.reduce((product, side) => product * side, 1);
  const last = shape.reduce((sum, side, axis) => sum + (side - 1) * strides[axis]!, offset);
  if (!(count === 0 || last < storage.count) || Number.isNaN(count)) {
    throw wrong(
      `a tensor [${shape}] extends beyond its storage of ${storage.count} numbers`,
    );
  }
  if (count > storage.count) {
    throw wrong(
      `a tensor [${shape}] has more numbers than its storage (${storage.count});` +
        " save it with .contiguous()",
    );
  }
  return { kind: "tensor", storage, offset: offset + storage.from, shape, strides };
}

function isSize(value: PytorchValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Copies of parts of storages may take this many times the file's size. */
const MOST_COPIES = 4;

/**
 * The values of float tensors. Each storage is read once. Tensors that are a whole storage share its
 * array; the others are copies.
 */
export function readTensors(
  tensors: ReadonlyMap<string, PickledTensor>,
  { source, wrong, readStorage }: {
    readonly source: ByteSource;
    readonly wrong: Wrong;
    /** Fills `into` with a storage's bytes, checked if the container has checksums. */
    readonly readStorage: (key: string, into: Uint8Array<ArrayBuffer>) => void;
  },
): Record<string, HostTensor> {
  const storages = new Map<string, Float32Array>();
  let budget = MOST_COPIES * source.size;
  const entries = Array.from(tensors, ([name, tensor]): [string, HostTensor] => {
    const { key, format, length } = tensor.storage;
    if (format === "integer") throw new Error(`internal: tensor ${name} is not of floats`);
    let values = storages.get(key);
    if (values === undefined) {
      const bytes = new Uint8Array(length * floatBytes[format]);
      readStorage(key, bytes);
      values = toFloat32(bytes, format);
      storages.set(key, values);
    }
    const { shape } = tensor;
    const count = shape.reduce((product, side) => product * side, 1);
    const dense = isRowMajor(tensor);
    if (dense && count === values.length) return [name, { shape, values }];
    budget -= count * 4;
    if (budget < 0) {
      throw wrong(
        "its tensors are too many parts of the same storages: together they would be many times the file's size",
      );
    }
    if (dense) return [name, { shape, values: values.slice(tensor.offset, tensor.offset + count) }];
    return [name, { shape, values: gather(tensor, { from: values, count }) }];
  });
  return Object.fromEntries(entries);
}

/** Whether the tensor's numbers are consecutive in the storage, in row-major order. */
function isRowMajor({ shape, strides }: PickledTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 0) return true;
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** Row-major values of a tensor of any strides: the index counts up like an odometer. */
function gather(
  { shape, strides, offset }: PickledTensor,
  { from, count }: { readonly from: Float32Array; readonly count: number },
): Float32Array {
  const values = new Float32Array(count);
  const index = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < count; i++) {
    values[i] = from[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return values;
}

/**
 * Reads and writes safetensors files: 8 bytes of little-endian header length, a JSON header of names, types,
 * shapes and offsets, then the tensors' bytes. Everything in a header is checked before use, so a broken or
 * hostile file causes an error, never a crash or a read outside the file.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";

export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Uint8Array;

export interface StoredTensor {
  readonly shape: number[];
  /** "F16" and "BF16" are raw bits in a `Uint16Array`. */
  readonly dtype: StoredType;
  /** Row-major. */
  readonly data: TensorData;
}

export type StoredType = keyof typeof arrays;

const arrays = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  I64: BigInt64Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  U8: Uint8Array,
} as const;

/** Longest header that is accepted, in bytes: the largest published models need under 1 MB. */
const HEADER_LIMIT = 100_000_000;

/** All tensors of a file, in file order. */
export async function readSafetensors(path: string): Promise<Map<string, StoredTensor>> {
  const wrong = (what: string, cause?: unknown) =>
    new Complaint(
      `${path} is not a valid safetensors file: ${what}`,
      "rebuild it, or download it again if it came from elsewhere",
      { exitCode: 1, cause },
    );
  const bytes = await Deno.readFile(path).catch((error) => {
    throw wrong(error.message, error);
  });
  if (bytes.length < 8) throw wrong(`it has ${bytes.length} bytes, too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > Math.min(HEADER_LIMIT, bytes.length - 8)) {
    throw wrong(`its header claims ${headerLength} bytes, the file has ${bytes.length}`);
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerLength), wrong);
  const dataStart = 8 + headerLength;
  const dataLength = bytes.length - dataStart;
  const tensors = new Map<string, StoredTensor>();
  let end = 0;
  for (const { name, dtype, shape, offsets: [from, to] } of header) {
    if (from !== end) {
      throw wrong(`tensor \`${name}\` starts at byte ${from}, the previous one ends at ${end}`);
    }
    const ArrayType = arrays[dtype];
    const count = shape.reduce((size, side) => size * side, 1);
    if (to - from !== count * ArrayType.BYTES_PER_ELEMENT || to > dataLength) {
      throw wrong(
        `tensor \`${name}\` [${shape}] of ${dtype} does not match bytes ${from} to ${to} of ${dataLength}`,
      );
    }
    end = to;
    const copy = bytes.slice(dataStart + from, dataStart + to); // aligned
    tensors.set(name, { shape, dtype, data: new ArrayType(copy.buffer) });
  }
  if (end !== dataLength) {
    throw wrong(`the last ${dataLength - end} bytes do not belong to any tensor`);
  }
  return tensors;
}

interface HeaderEntry {
  readonly name: string;
  readonly dtype: StoredType;
  readonly shape: number[];
  readonly offsets: readonly [number, number];
}

/** The checked entries, in file order. */
function parseHeader(bytes: Uint8Array, wrong: (what: string) => Complaint): HeaderEntry[] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw wrong("its header is not valid JSON");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw wrong("its header is not a JSON object");
  }
  const natural = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return entries.map(([name, entry]): HeaderEntry => {
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
    if (typeof dtype !== "string" || !Object.hasOwn(arrays, dtype)) {
      throw wrong(`tensor \`${name}\` has type ${JSON.stringify(dtype)}, which is not supported`);
    }
    if (!Array.isArray(shape) || !shape.every(natural)) {
      throw wrong(`tensor \`${name}\` has no valid shape`);
    }
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(natural)) {
      throw wrong(`tensor \`${name}\` has no valid offsets`);
    }
    return { name, dtype: dtype as StoredType, shape, offsets: [offsets[0]!, offsets[1]!] };
  }).sort((a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1]);
}

export interface WritableTensor {
  readonly shape: readonly number[];
  readonly dtype: StoredType;
  readonly data: TensorData;
}

/** A tensor whose data is produced while it is written. */
export interface StreamedTensor extends Omit<WritableTensor, "data"> {
  /** Consecutive parts. */
  data(): AsyncIterable<TensorData>;
}

/**
 * Writes a temporary file next to `path`, flushes and renames it, so `path` is never incomplete. Equal
 * tensors give equal bytes, whatever their order in the map.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, WritableTensor | StreamedTensor>,
  { metadata }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const names = [...tensors.keys()].sort();
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  let offset = 0;
  for (const name of names) {
    const { shape, dtype, data } = tensors.get(name)!;
    const count = shape.reduce((size, side) => size * side, 1);
    if (typeof data !== "function" && count !== data.length) {
      throw new Error(`internal: tensor ${name} [${shape}] has ${data.length} values`);
    }
    const bytes = count * arrays[dtype].BYTES_PER_ELEMENT;
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(json, 8);
  const temporary = `${path}.writing`;
  {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    await writeAll(file, padded);
    for (const name of names) {
      const { data, shape } = tensors.get(name)!;
      let values = 0;
      for await (const part of typeof data === "function" ? data() : [data]) {
        await writeAll(file, new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
        values += part.length;
      }
      if (values !== shape.reduce((size, side) => size * side, 1)) {
        throw new Error(`internal: tensor ${name} [${shape}] has ${values} values`);
      }
    }
    await file.sync();
  }
  await Deno.rename(temporary, path);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}

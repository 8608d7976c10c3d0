/**
 * Writes weights as PyTorch does, for `torch.load`: as a zip archive (PyTorch 1.6 and later), or as the
 * stream that every version reads, including the 1.1 for which UNITER's code was written. The file is
 * written under another name, flushed and renamed. Equal weights give equal bytes.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { storedZip } from "../../data/formats/stored_zip.ts";
import type { HostTensor, HostWeights } from "../weights.ts";
import { PickleWriter } from "./pickle_writer.ts";

export type PytorchContainer = "zip" | "stream";

/** Float32 tensors in an OrderedDict. Tensors that share one array share a storage. */
export async function writePytorch(
  path: string,
  weights: HostWeights,
  { container = "zip" }: { readonly container?: PytorchContainer } = {},
): Promise<void> {
  const storages = listStorages(weights);
  const bytes = [...storages.keys()].reduce((sum, values) => sum + values.byteLength, 0);
  if (container === "zip" && bytes + OVERHEAD * Object.keys(weights).length > 2 ** 32) {
    throw new Complaint("a model of more than 4 GB cannot be written as .pt", "write safetensors", {
      place: { file: path },
      exitCode: 1,
    });
  }
  const pieces = (container === "zip" ? zipPieces : streamPieces)(weights, storages);
  const temporary = `${path}.writing`;
  {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    for (const piece of pieces) {
      for (let written = 0; written < piece.length;) {
        written += await file.write(piece.subarray(written));
      }
    }
    await file.sync();
  }
  await Deno.rename(temporary, path);
}

/** An upper bound of the bytes that a tensor needs in a zip archive in addition to its numbers. */
const OVERHEAD = 1024;

/** Keys "0", "1", ... in the order in which tensors first name an array. */
type Storages = ReadonlyMap<Float32Array, string>;

function listStorages(weights: HostWeights): Storages {
  const storages = new Map<Float32Array, string>();
  for (const [name, { shape, values }] of Object.entries(weights)) {
    if (shape.reduce((size, side) => size * side, 1) !== values.length) {
      throw new Error(`internal: tensor ${name} [${shape}] has ${values.length} values`);
    }
    if (!storages.has(values)) storages.set(values, String(storages.size));
  }
  return storages;
}

/** Magic number, protocol, machine, object, keys; then each storage's length and numbers. */
function* streamPieces(weights: HostWeights, storages: Storages): Generator<Uint8Array> {
  yield new PickleWriter().do("LONG1").bytes(MAGIC).end();
  yield new PickleWriter().integer(1001).end();
  const machine = new PickleWriter().do("EMPTY_DICT", "MARK");
  machine.text("protocol_version").integer(1001).text("little_endian").do("NEWTRUE");
  machine.text("type_sizes").do("EMPTY_DICT", "MARK");
  machine.text("short").integer(2).text("int").integer(4).text("long").integer(4);
  yield machine.do("SETITEMS", "SETITEMS").end();
  yield pickleWeights(weights, { storages, container: "stream" });
  const keys = new PickleWriter().do("EMPTY_LIST", "MARK");
  for (const key of storages.values()) keys.text(key);
  yield keys.do("APPENDS").end();
  for (const values of storages.keys()) {
    yield new Uint8Array(BigInt64Array.of(BigInt(values.length)).buffer);
    yield bytesOf(values);
  }
}

/** Ten bytes: 0x1950a86a20f9469cfc6c, little-endian. */
const MAGIC = Uint8Array.of(10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19);

/** PyTorch can map storages into memory if they start at a multiple of this. */
const ALIGNMENT = 64;

/** The pickle comes first: PyTorch reads the folder's name at the start of the file. */
function zipPieces(weights: HostWeights, storages: Storages): Iterable<Uint8Array> {
  const text = new TextEncoder();
  const members: [name: string, content: Uint8Array][] = [
    ["archive/data.pkl", pickleWeights(weights, { storages, container: "zip" })],
    ["archive/byteorder", text.encode("little")],
    ...Array.from(storages, ([values, key]): [string, Uint8Array] => [
      `archive/data/${key}`,
      bytesOf(values),
    ]),
    ["archive/version", text.encode("3\n")],
  ];
  return storedZip(members, { alignment: ALIGNMENT });
}

/** An OrderedDict of `torch._utils._rebuild_tensor_v2(storage, 0, sizes, strides, False, OrderedDict())`. */
function pickleWeights(
  weights: HostWeights,
  { storages, container }: { readonly storages: Storages; readonly container: PytorchContainer },
): Uint8Array {
  const pickle = new PickleWriter();
  const orderedDict = () => pickle.global("collections", "OrderedDict").do("EMPTY_TUPLE", "REDUCE");
  orderedDict().do("MARK");
  for (const [name, { shape, values }] of Object.entries(weights)) {
    pickle.text(name).global("torch._utils", "_rebuild_tensor_v2").do("MARK");
    pickle.do("MARK").text("storage").global("torch", "FloatStorage");
    pickle.text(storages.get(values)!).text("cpu").integer(values.length);
    if (container === "stream") pickle.do("NONE"); // not a part of another storage
    pickle.do("TUPLE", "BINPERSID").integer(0);
    pickle.integers(shape).integers(rowMajorStrides(shape)).do("NEWFALSE");
    orderedDict().do("TUPLE", "REDUCE");
  }
  return pickle.do("SETITEMS").end();
}

function rowMajorStrides(shape: HostTensor["shape"]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((step, side) => step * side, 1));
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Reads checkpoints that other programs wrote: PyTorch's zip archive, its older stream, or safetensors,
 * recognised by content. Nothing in a file is ever executed. Values of any float type become float32.
 */
import { type ByteSource, openBytes } from "../../data/formats/byte_source.ts";
import { toFloat32 } from "../../data/formats/float_formats.ts";
import { type Wrong, wrongIn } from "../../data/formats/foreign_file.ts";
import { readSafetensors, type StoredTensor } from "../../data/formats/safetensors.ts";
import type { HostTensor, HostWeights } from "../weights.ts";
import { isKind } from "./pickle_value.ts";
import { openPytorchStream } from "./pytorch_stream.ts";
import { type PickledTensor, type PytorchValue, readTensors } from "./pytorch_tensor.ts";
import { openPytorchZip } from "./pytorch_zip.ts";

export interface Checkpoint {
  readonly container: "zip" | "stream" | "safetensors";
  /** Tensors that share storage in a PyTorch file share their array here. */
  readonly weights: HostWeights;
  /** Tensors that were left out because they are not floats, except position_ids. */
  readonly ignored: readonly string[];
}

/**
 * The float tensors of a checkpoint. `{model: ...}` and `{state_dict: ...}` are unwrapped, a `module.`
 * before all names is dropped, and LayerNorm's old names X.gamma and X.beta become X.weight and X.bias.
 * @throws {Complaint} naming the file, for anything that is not such a checkpoint
 */
export async function readCheckpoint(path: string): Promise<HostWeights> {
  return (await loadCheckpoint(path)).weights;
}

/**
 * As `readCheckpoint`, with the kind of file and the names that were left out.
 * @param options.wanted which tensors to read, by their new names; all by default
 */
export async function loadCheckpoint(
  path: string,
  options: { readonly wanted?: (name: string) => boolean } = {},
): Promise<Checkpoint> {
  using source = openBytes(path);
  const wrong = wrongIn(path);
  const container = containerOf(source, wrong);
  if (container === "safetensors") {
    const tensors = chooseTensors(await readSafetensors(path), {
      isFloat: ({ dtype }) => dtype in floatFormats,
      wrong,
      ...options,
    });
    const weights = Array.from(
      tensors.chosen,
      ([name, tensor]) => [name, floatsOf(tensor)] as const,
    );
    return { container, weights: Object.fromEntries(weights), ignored: tensors.ignored };
  }
  const open = container === "zip" ? openPytorchZip : openPytorchStream;
  const { root, readStorage } = open(source, wrong);
  const { chosen, ignored } = chooseTensors(tensorsIn(root, wrong), {
    isFloat: ({ storage }) => storage.format !== "integer",
    wrong,
    ...options,
  });
  return { container, weights: readTensors(chosen, { source, wrong, readStorage }), ignored };
}

/** Recognised by the first bytes. Files that are often mistaken for a checkpoint get an error of their own. */
function containerOf(source: ByteSource, wrong: Wrong): Checkpoint["container"] {
  const start = new Uint8Array(Math.min(16, source.size));
  source.read(0, start);
  const text = String.fromCharCode(...start);
  if (text.startsWith("PK\x03\x04")) return "zip";
  if (start[0] === 0x80) return "stream";
  if (text[8] === "{") return "safetensors";
  if (start.length === 0) throw wrong("the file is empty");
  if (/^\s*<|^version https/.test(text)) {
    throw wrong("this is a text file, not a checkpoint: the download went wrong");
  }
  if (text.startsWith("\x1f\x8b")) {
    throw wrongIn(source.file, { fix: "decompress it with gunzip" })("it is compressed with gzip");
  }
  throw wrong("this is not a checkpoint: neither PyTorch's nor safetensors");
}

const floatFormats = {
  F16: "float16",
  BF16: "bfloat16",
  F32: "float32",
  F64: "float64",
} as const;

function floatsOf({ dtype, shape, data }: StoredTensor): HostTensor {
  const format = floatFormats[dtype as keyof typeof floatFormats];
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return { shape, values: toFloat32(bytes, format) };
}

/** Names under which training scripts store the state dict next to other things. */
const wrappers = ["model", "state_dict", "model_state_dict"];

/** The dictionary of tensors that a pickled object is or contains. */
function tensorsIn(root: PytorchValue, wrong: Wrong): Map<string, PickledTensor> {
  let dict = root;
  for (let depth = 0; depth < 4 && isKind(dict, "dict"); depth++) {
    const { entries } = dict;
    const inner: PytorchValue | undefined = wrappers.map((name) => entries.get(name))
      .find((value) => value !== undefined && isKind(value, "dict"));
    if (inner === undefined) break;
    dict = inner;
  }
  if (!isKind(dict, "dict")) throw wrong("what is saved here is not a dictionary of tensors");
  const tensors = new Map<string, PickledTensor>();
  for (const [name, value] of dict.entries) {
    if (typeof name === "string" && isKind(value, "tensor")) tensors.set(name, value);
  }
  if (tensors.size === 0) {
    const found = [...dict.entries.keys()].slice(0, 8).map((key) => JSON.stringify(String(key)));
    throw wrong(`the checkpoint has no tensors; its keys are ${found.join(", ") || "none"}`);
  }
  return tensors;
}

/** Under their new names, without integers and tensors that are not wanted. */
function chooseTensors<Tensor>(
  tensors: ReadonlyMap<string, Tensor>,
  { isFloat, wanted = () => true, wrong }: {
    readonly isFloat: (tensor: Tensor) => boolean;
    readonly wanted?: (name: string) => boolean;
    readonly wrong: Wrong;
  },
): { chosen: Map<string, Tensor>; ignored: string[] } {
  const chosen = new Map<string, Tensor>();
  const ignored: string[] = [];
  const parallel = [...tensors.keys()].every((name) => name.startsWith("module."));
  for (const [oldName, tensor] of tensors) {
    const name = presentName(parallel ? oldName.slice("module.".length) : oldName);
    if (/(^|\.)position_ids$/.test(name) || !wanted(name)) continue;
    if (!isFloat(tensor)) {
      ignored.push(name);
      continue;
    }
    if (chosen.has(name)) {
      throw wrong(
        `the tensor ${JSON.stringify(name)} is in the file under both its old and its new name`,
      );
    }
    chosen.set(name, tensor);
  }
  return { chosen, ignored };
}

/** BERT's first checkpoints, from TensorFlow, call a LayerNorm's weight gamma and its bias beta. */
function presentName(name: string): string {
  return name.replace(/(^|\.)gamma$/, "$1weight").replace(/(^|\.)beta$/, "$1bias");
}

/**
 * Which inputs of a TensorFlow op are lists. The eager interface takes a list's tensors one by one, a
 * graph takes them together. The op's own definition (`OpDef`) says which are lists. The protobuf reader
 * is hand-written: three fields of one message do not justify a library.
 */

/** One input of an op: a single tensor, or a list as long as the named integer attribute. */
export type OpInput = { readonly name: string; readonly lengthAttr?: string };

/**
 * Inputs of a serialised `OpDef` (tensorflow/core/framework/op_def.proto): field 2 holds `ArgDef`s,
 * whose field 1 is the name, 5 the length attribute, 6 a type list.
 */
export function opInputs(opDef: Uint8Array): OpInput[] {
  const inputs: OpInput[] = [];
  for (const [field, bytes] of messageFields(opDef)) {
    if (field !== 2) continue;
    let name = "";
    let lengthAttr: string | undefined;
    for (const [part, text] of messageFields(bytes)) {
      if (part === 1) name = utf8.decode(text);
      if (part === 5) lengthAttr = utf8.decode(text);
      if (part === 6) throw new Error(`internal: input \`${name}\` is a list of mixed types`);
    }
    inputs.push(lengthAttr === undefined ? { name } : { name, lengthAttr });
  }
  return inputs;
}

const utf8 = new TextDecoder();

/** The length-delimited fields of a protobuf message, in order; others are skipped. */
export function* messageFields(bytes: Uint8Array): Generator<[field: number, bytes: Uint8Array]> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    switch (tag & 7) {
      case 0:
        varint();
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint();
        yield [tag >>> 3, bytes.subarray(at, at + length)];
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw new Error("internal: not a protobuf message");
    }
  }
}

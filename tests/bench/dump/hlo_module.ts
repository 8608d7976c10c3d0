/**
 * What a dumped module declares. XLA writes an `HloProto` (xla/service/hlo.proto), whose first field is
 * the `HloModuleProto` that other XLAs compile.
 */
import { messageFields } from "../../../stages/tensorflow/record/op_inputs.ts";

export interface HloModule {
  readonly parameters: readonly (readonly number[])[];
  /** Those of the tuple's parts, if the result is a tuple. */
  readonly results: readonly (readonly number[])[];
  /** Of the instructions of all computations. */
  readonly opcodes: ReadonlySet<string>;
  /** Whether every product takes its factors as they are: a GPU rounds float32 to TF32 otherwise. */
  readonly fullPrecision: boolean;
}

/** `PrecisionConfig.HIGHEST`. */
const HIGHEST = 2;

const utf8 = new TextDecoder();

/** The module in an `HloProto`. */
export function moduleIn(hlo: Uint8Array): Uint8Array {
  const [module] = fields(hlo, 1);
  if (module === undefined) throw new Error("internal: XLA wrote a file without a module");
  return module;
}

/** @param module a serialised `HloModuleProto` */
export function readHloModule(module: Uint8Array): HloModule {
  const [programShape] = fields(module, 4);
  const [result] = fields(programShape!, 2);
  const parts = fields(result!, 4);
  const instructions = fields(module, 3).flatMap((computation) => fields(computation, 2));
  const products = instructions.filter((one) => opcodeOf(one) === "dot");
  return {
    parameters: fields(programShape!, 1).map(dimensionsOf),
    results: (parts.length === 0 ? [result!] : parts).map(dimensionsOf),
    opcodes: new Set(instructions.map(opcodeOf)),
    fullPrecision: products.every((product) => {
      const factors = fields(product, 51).flatMap((config) => fields(config, 1));
      return factors.length > 0 && factors.every((list) => list.every((one) => one === HIGHEST));
    }),
  };
}

function fields(message: Uint8Array, wanted: number): Uint8Array[] {
  return [...messageFields(message)].flatMap(([field, bytes]) => field === wanted ? [bytes] : []);
}

function opcodeOf(instruction: Uint8Array): string {
  return utf8.decode(fields(instruction, 2)[0]);
}

/** Dimensions of a `ShapeProto`: packed varints. */
function dimensionsOf(shape: Uint8Array): number[] {
  const dimensions: number[] = [];
  let [value, scale] = [0, 1];
  for (const byte of fields(shape, 3).flatMap((bytes) => [...bytes])) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    dimensions.push(value);
    [value, scale] = [0, 1];
  }
  return dimensions;
}

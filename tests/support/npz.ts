/** The goldens' .npz: arrays of float32 and int64. */
import { bytesInMemory } from "../../stages/data/formats/byte_source.ts";
import { fileURLToPath } from "node:url";
import { wrongIn } from "../../stages/data/formats/foreign_file.ts";
import { listNpz, readNpz as readArrays } from "../../stages/data/formats/npz.ts";

export interface NumpyArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export function readNpz(file: string | URL): Map<string, NumpyArray> {
  const wrong = wrongIn(file instanceof URL ? fileURLToPath(file) : file);
  const bytes = Deno.readFileSync(file);
  const names = [...listNpz(bytesInMemory(bytes), wrong).keys()];
  return new Map(
    readArrays(bytes, { names, wrong }).entries().map(([name, { type, shape, data }]) => {
      const { buffer } = new Uint8Array(data);
      const values = type === "<f4"
        ? new Float32Array(buffer)
        : Int32Array.from(new BigInt64Array(buffer), Number);
      if (type !== "<f4" && type !== "<i8") throw new Error(`no reader for numpy type ${type}`);
      return [name, { shape, values }];
    }),
  );
}

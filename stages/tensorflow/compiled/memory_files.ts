/**
 * A folder in TensorFlow's own file system in memory, `ram://`. XLA's cache of compiled programs is
 * pointed at it, so that no disk that is full or read-only can fail a computation. All threads of a
 * process share it: what one has listed, another may have removed.
 */
import { TF_UINT8 } from "../runtime/data_types.ts";
import type { EagerContext } from "../runtime/eager.ts";
import { type Native, TensorFlowError, text } from "../runtime/native.ts";
import { type OpAttribute, typeAttribute } from "../runtime/op_attributes.ts";

export const memoryFolder = "ram://compiled_programs";

/** TensorFlow's code for a file that is not there. */
const notFound = 5;
/** How the names of files end that XLA has not written to their end; it then renames them. */
const unfinished = ".tmp";

export class MemoryFiles {
  #native: Native;

  /** Creates the folder; once per process. */
  constructor(native: Native) {
    this.#native = native;
    native.c.TF_CreateDir(native.name(memoryFolder), native.status);
    native.check(`create ${memoryFolder}`);
  }

  /** Of the files that are complete. */
  names(): string[] {
    const { c, status } = this.#native;
    const stream = c.TF_GetChildren(this.#native.name(memoryFolder), status);
    this.#native.check(`list ${memoryFolder}`);
    const names: string[] = [];
    const next = new BigUint64Array(1);
    while (c.TF_StringStreamNext(stream, next)) {
      names.push(text(Deno.UnsafePointer.create(next[0]!)));
    }
    c.TF_StringStreamDone(stream);
    return names.filter((name) => !name.endsWith(unfinished));
  }

  write(name: string, bytes: Uint8Array): void {
    const { c, status } = this.#native;
    const opened = new BigUint64Array(1);
    c.TF_NewWritableFile(cPath(name), opened, status);
    this.#native.check(`create ${name} in memory`);
    const file = Deno.UnsafePointer.create(opened[0]!);
    c.TF_AppendWritableFile(file, bytes as Uint8Array<ArrayBuffer>, BigInt(bytes.length), status);
    this.#native.check(`write ${name} to memory`);
    c.TF_CloseWritableFile(file, status);
    this.#native.check(`close ${name} in memory`);
  }

  /** Undefined if it is not there any more. */
  read(name: string, eager: EagerContext): Uint8Array | undefined {
    const made: number[] = [];
    const run = (op: string, attributes: OpAttribute[], input: number) => {
      const { id } = eager.execute(op, attributes, [input], 1)[0]!;
      made.push(id);
      return id;
    };
    try {
      made.push(eager.createString(pathOf(name)));
      const content = ifThere(() => run("ReadFile", [], made[0]!));
      if (content === undefined) return undefined;
      const bytes = run("DecodeRaw", [typeAttribute("out_type", TF_UINT8)], content);
      return eager.read(bytes) as Uint8Array;
    } finally {
      for (const id of made) eager.deleteTensor(id);
    }
  }

  remove(name: string): void {
    ifThere(() => {
      this.#native.c.TF_DeleteFile(cPath(name), this.#native.status);
      this.#native.check(`remove ${name} from memory`);
    });
  }
}

/** Undefined if the file is not there. */
function ifThere<Result>(use: () => Result): Result | undefined {
  try {
    return use();
  } catch (error) {
    if (error instanceof TensorFlowError && error.code === notFound) return undefined;
    throw error;
  }
}

function pathOf(name: string): string {
  return `${memoryFolder}/${name}`;
}

function cPath(name: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${pathOf(name)}\0`);
}

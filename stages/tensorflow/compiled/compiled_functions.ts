/**
 * Hands XLA the functions that an earlier process has compiled, and keeps those that it compiles. XLA's
 * own cache of compiled functions does the rest: it compares the whole of the function before it uses
 * what it is given. Its folder is in memory, and empty except during the first call of a program.
 */
import { Buffer } from "node:buffer";
import { withCompileCache } from "../library/compile_cache_flags.ts";
import type { EagerContext } from "../runtime/eager.ts";
import type { Native } from "../runtime/native.ts";
import { type CompiledFile, CompiledFiles } from "./compiled_files.ts";
import { MemoryFiles, memoryFolder } from "./memory_files.ts";

/**
 * Switches XLA's cache on, before TensorFlow's context is made.
 * @returns its folder; undefined if the user has one of their own, or if the library has no files in memory
 */
export function compileCache(native: Native): MemoryFiles | undefined {
  const flags = withCompileCache(Deno.env.get("TF_XLA_FLAGS"), memoryFolder);
  if (flags === undefined) return undefined;
  try {
    const memory = new MemoryFiles(native);
    Deno.env.set("TF_XLA_FLAGS", flags);
    return memory;
  } catch {
    return undefined;
  }
}

export class CompiledFunctions {
  #native: Native;
  #eager: EagerContext;
  #memory: MemoryFiles;
  #disk: CompiledFiles;
  /** Names of functions that this process has compiled or was given: XLA finds them itself. */
  #there = new Set<string>();
  /** Functions that were found on the disk, and those that were compiled. */
  readonly counts = { found: 0, compiled: 0 };

  /** @param folder absolute; for this machine, library and number of threads alone */
  constructor(
    { native, eager }: { readonly native: Native; readonly eager: EagerContext },
    memory: MemoryFiles,
    folder: string,
  ) {
    this.#native = native;
    this.#eager = eager;
    this.#memory = memory;
    this.#disk = new CompiledFiles(folder);
  }

  /**
   * Runs the first call of a program.
   * @param names of the functions that XLA compiles in it; a name is used for one content only
   */
  during<Result>(names: readonly string[], call: () => Result): Result {
    const given = new Map<string, string>();
    for (const name of names) {
      const file = this.#there.has(name) ? undefined : this.#disk.read(name);
      if (file === undefined) continue;
      this.#memory.write(file.name, file.bytes);
      given.set(file.name, name);
    }
    try {
      const result = given.size === 0 ? call() : this.#native.quietly(call);
      for (const name of names) this.#there.add(name);
      this.counts.found += given.size;
      this.#keep(names, given);
      return result;
    } catch (error) {
      // Perhaps because of what was given; the next process compiles again.
      for (const name of given.values()) this.#disk.remove(name);
      throw error;
    } finally {
      for (const name of this.#memory.names()) this.#memory.remove(name);
    }
  }

  #keep(names: readonly string[], given: ReadonlyMap<string, string>): void {
    const made = this.#memory.names().filter((name) => !given.has(name));
    this.counts.compiled += made.length;
    for (const name of made) {
      const bytes = this.#memory.read(name, this.#eager);
      if (bytes === undefined) continue; // another thread, whose function it is, has taken it
      const file = { name, bytes };
      const functionName = names.find((each) => isOf(file, each));
      if (functionName !== undefined) this.#disk.write(functionName, file);
    }
    if (made.length > 0) this.#disk.trim();
  }
}

/** Bytes at the start of a file, in which the name of its function is. */
const head = 4096;

function isOf({ bytes }: CompiledFile, functionName: string): boolean {
  return Buffer.from(bytes.buffer, 0, Math.min(head, bytes.length)).includes(functionName);
}

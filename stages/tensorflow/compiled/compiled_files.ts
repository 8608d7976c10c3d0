/**
 * Compiled functions on the disk, one file each, shared by all processes of a user. A file is written
 * under another name and then renamed. It states the digest of its content, which every reader checks:
 * a file that a kill, a full disk or anything else has damaged counts as missing.
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { systemClock } from "../../../pipeline/contract/clock.ts";

/** What XLA's cache keeps of a function. */
export interface CompiledFile {
  /** The name under which XLA looks for it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Of all files of a user, in bytes. */
export const mostCompiled = 2 ** 30;

export class CompiledFiles {
  #folder: string;

  /** @param folder absolute; created when something is written */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The compiled function, marked as used; undefined if there is none that is intact. */
  read(functionName: string): CompiledFile | undefined {
    const path = this.#pathOf(functionName);
    try {
      const found = unpacked(Deno.readFileSync(path));
      if (found === undefined) Deno.removeSync(path);
      else attempt(() => Deno.utimeSync(path, now(), now()));
      return found;
    } catch {
      return undefined; // not there, or not readable
    }
  }

  /** Writes nothing where that is not possible: the function is then compiled again next time. */
  write(functionName: string, file: CompiledFile): void {
    const path = this.#pathOf(functionName);
    const part = `${path}.${crypto.randomUUID()}.part`;
    try {
      Deno.mkdirSync(this.#folder, { recursive: true });
      Deno.writeFileSync(part, packed(file));
      Deno.renameSync(part, path);
    } catch {
      attempt(() => Deno.removeSync(part));
    }
  }

  remove(functionName: string): void {
    attempt(() => Deno.removeSync(this.#pathOf(functionName)));
  }

  /** Removes the files that were not used for the longest time, in the folders beside this one, too. */
  trim(most = mostCompiled): void {
    const files = filesIn(dirname(this.#folder));
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
      if (bytes <= most) return;
      attempt(() => Deno.removeSync(path));
      attempt(() => Deno.removeSync(dirname(path))); // if it is empty
      bytes -= size;
    }
  }

  #pathOf(functionName: string): string {
    return `${this.#folder}/${functionName}`;
  }
}

/** A line of JSON, and then the bytes. */
function packed({ name, bytes }: CompiledFile): Uint8Array<ArrayBuffer> {
  const line = new TextEncoder().encode(`${JSON.stringify([digestOf(name, bytes), name])}\n`);
  const content = new Uint8Array(line.length + bytes.length);
  content.set(line);
  content.set(bytes, line.length);
  return content;
}

function unpacked(content: Uint8Array<ArrayBuffer>): CompiledFile | undefined {
  const end = content.indexOf(10);
  const line = new TextDecoder().decode(content.subarray(0, Math.max(0, end)));
  const [, digest, name] = /^\["([0-9a-f]{64})","([\w.]+)"\]$/.exec(line) ?? [];
  if (name === undefined) return undefined;
  const bytes = content.subarray(end + 1);
  return digestOf(name, bytes) === digest ? { name, bytes } : undefined;
}

function digestOf(name: string, bytes: Uint8Array): string {
  return createHash("sha256").update(`${name}\n`).update(bytes).digest("hex");
}

function filesIn(root: string): { path: string; size: number; used: number }[] {
  const listed = (folder: string) => {
    try {
      return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
    } catch {
      return [];
    }
  };
  return listed(root).flatMap(listed).flatMap((path) => {
    try {
      const { size, mtime } = Deno.statSync(path);
      return [{ path, size, used: mtime?.getTime() ?? 0 }];
    } catch {
      return []; // removed by another process
    }
  });
}

function now(): Date {
  return new Date(systemClock.now());
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Another process was faster, or the folder may not be written.
  }
}

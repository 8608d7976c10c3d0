/**
 * Fetches a published module of npm by name, version and digest, for what is too large to be a
 * dependency of the project: Deno fetches all that deno.lock names, whatever is run. Only the files
 * that are wanted are kept, in `node_modules`; no install script is run.
 */
import { createHash } from "node:crypto";
import { Complaint } from "../contract/complaint.ts";
import type { PinnedModule } from "../contract/pinned_package.ts";

/** The program that brings the tarballs into `folder`; `cache` is thrown away afterwards. */
export function npmPack(
  module: PinnedModule,
  { folder, cache }: { readonly folder: string; readonly cache: string },
): readonly [string, ...string[]] {
  const names = [module, ...module.imports].map(({ distribution, version }) =>
    `${distribution}@${version}`
  );
  const options = ["--silent", "--ignore-scripts", "--pack-destination", folder, "--cache", cache];
  return ["npm", "pack", ...options, ...names];
}

/** Checks the tarballs' digests and unpacks them into `target`/node_modules. */
export async function unpackModule(
  module: PinnedModule,
  { folder, target }: { readonly folder: string; readonly target: string },
): Promise<void> {
  for (const tarball of [module, ...module.imports]) {
    const { distribution, version, sha256, files } = tarball;
    const file = `${folder}/${distribution}-${version}.tgz`;
    const found = await digestOf(file);
    if (found !== sha256) {
      throw new Complaint(
        `${distribution} ${version} is not what was expected: its SHA-256 is ${found}, not ${sha256}`,
        "look whether the registry that npm uses can be trusted",
        { exitCode: 1 },
      );
    }
    const wanted = (path: string) =>
      files.some((each) => each.endsWith("/") ? path.startsWith(each) : path === each);
    await unpackTarball(file, { target: `${target}/node_modules/${distribution}`, wanted });
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  using handle = await Deno.open(file);
  for await (const chunk of handle.readable) hash.update(chunk);
  return hash.digest("hex");
}

const blockSize = 512;

/** The regular files of a gzipped tar archive (POSIX ustar), below the folder that all are in. */
async function unpackTarball(
  file: string,
  { target, wanted }: { readonly target: string; readonly wanted: (path: string) => boolean },
): Promise<void> {
  using handle = await Deno.open(file);
  const bytes = reader(handle.readable.pipeThrough(new DecompressionStream("gzip")));
  for (;;) {
    const header = await bytes.take(blockSize);
    if (header === undefined || header.every((byte) => byte === 0)) return;
    const text = (from: number, length: number) =>
      new TextDecoder().decode(header.subarray(from, from + length)).split("\0")[0]!;
    const size = parseInt(text(124, 12), 8);
    const path = [text(345, 155), text(0, 100)].filter((part) => part !== "").join("/")
      .replace(/^[^/]*\//, "");
    const isFile = header[156] === 0 || header[156] === 0x30;
    const kept = isFile && wanted(path) && !path.split("/").includes("..");
    using output = kept ? await create(`${target}/${path}`) : undefined;
    for await (const piece of bytes.pieces(size)) {
      for (let done = 0; output !== undefined && done < piece.length;) {
        done += await output.write(piece.subarray(done));
      }
    }
    await bytes.take((blockSize - size % blockSize) % blockSize);
  }
}

async function create(path: string): Promise<Deno.FsFile> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  return await Deno.create(path);
}

/** Reads a stream in portions of chosen sizes. */
function reader(stream: ReadableStream<Uint8Array>) {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  async function* pieces(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      if (rest.length === 0) {
        const { done, value } = await chunks.next();
        if (done) throw new Error("the archive is cut short");
        rest = value;
      }
      const piece = rest.subarray(0, left);
      rest = rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
  return {
    pieces,
    /** Undefined at the end of the stream. */
    async take(size: number): Promise<Uint8Array | undefined> {
      const whole = new Uint8Array(size);
      let at = 0;
      try {
        for await (const piece of pieces(size)) {
          whole.set(piece, at);
          at += piece.length;
        }
      } catch (error) {
        if (at > 0) throw error;
        return undefined;
      }
      return whole;
    },
  };
}

/**
 * Fetches a published npm module by name, version and digest. It is for modules that are too large
 * for a dependency of the project, because Deno fetches everything in deno.lock for every command.
 * Only the pinned files are kept, in `node_modules`, and no install script is run. The tarballs are
 * unpacked by hand, as they come from a gzip stream and only a few regular files of each are needed.
 */
import { createHash } from "node:crypto";
import { Complaint } from "../contract/complaint.ts";
import type { PinnedModule } from "../contract/pinned_package.ts";

/** The command that downloads the tarballs into `folder`; `cache` is a temporary folder. */
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

/** Checks the digests of the tarballs and unpacks them into `target`/node_modules. */
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
        `${distribution} ${version} has the SHA-256 ${found} instead of ${sha256}`,
        "check that npm uses a registry that you trust",
        { exitCode: 1 },
      );
    }
    const isWanted = (path: string) =>
      files.some((each) => each.endsWith("/") ? path.startsWith(each) : path === each);
    await unpackTarball(file, { target: `${target}/node_modules/${distribution}`, isWanted });
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  using handle = await Deno.open(file);
  for await (const chunk of handle.readable) hash.update(chunk);
  return hash.digest("hex");
}

const blockSize = 512;

/** Unpacks regular files of a gzipped tar archive (POSIX ustar), without its top-level folder. */
async function unpackTarball(
  file: string,
  { target, isWanted }: { readonly target: string; readonly isWanted: (path: string) => boolean },
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
    const keep = isFile && isWanted(path) && !path.split("/").includes("..");
    using output = keep ? await create(`${target}/${path}`) : undefined;
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

/** Reads a stream in blocks of given sizes. */
function reader(stream: ReadableStream<Uint8Array>) {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  async function* pieces(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      if (rest.length === 0) {
        const { done, value } = await chunks.next();
        if (done) throw new Error("the archive is truncated");
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

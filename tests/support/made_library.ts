/** Files that look like builds of TensorFlow and like NVIDIA's libraries, as far as planning reads them. */

/** A shared object without code (ELF, 64 bit) that needs libraries and searches folders. */
export function sharedObject(
  { needed, folders }: { readonly needed: readonly string[]; readonly folders: readonly string[] },
): Uint8Array<ArrayBuffer> {
  const texts = ["", ...needed, folders.join(":")];
  const strings = new TextEncoder().encode(texts.map((text) => `${text}\0`).join(""));
  const places = texts.map((_, index) =>
    new TextEncoder().encode(texts.slice(0, index).map((text) => `${text}\0`).join("")).length
  );
  const base = 0x10_0000; // memory addresses are not places in the file
  const [dynamicAt, stringsAt] = [0x1000, 0x2000];
  const entries = [
    ...needed.map((_, index) => [1, places[1 + index]!] as const),
    [29, places.at(-1)!] as const,
    [5, base + stringsAt] as const,
    [0, 0] as const,
  ];
  const bytes = new Uint8Array(stringsAt + strings.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  view.setUint16(4, 0x0201);
  view.setBigUint64(32, 64n, true);
  view.setUint16(56, 2, true);
  const segments = [
    { type: 1, offset: 0, address: base, size: bytes.length },
    { type: 2, offset: dynamicAt, address: base + dynamicAt, size: 16 * entries.length },
  ];
  for (const [index, { type, offset, address, size }] of segments.entries()) {
    const at = 64 + 56 * index;
    view.setUint32(at, type, true);
    for (const [place, value] of [[8, offset], [16, address], [32, size]] as const) {
      view.setBigUint64(at + place, BigInt(value), true);
    }
  }
  for (const [index, [tag, value]] of entries.entries()) {
    view.setBigUint64(dynamicAt + 16 * index, BigInt(tag), true);
    view.setBigUint64(dynamicAt + 16 * index + 8, BigInt(value), true);
  }
  bytes.set(strings, stringsAt);
  return bytes;
}

/** Packages of NVIDIA -> the libraries that TensorFlow loads from them. */
const nvidia = {
  cuda_runtime: ["libcudart.so.12"],
  cublas: ["libcublas.so.12", "libcublasLt.so.12"],
  cufft: ["libcufft.so.11"],
  cusolver: ["libcusolver.so.11"],
  cusparse: ["libcusparse.so.12"],
  cudnn: ["libcudnn.so.9"],
} as const;

/**
 * Puts the files of a wheel of TensorFlow into a folder, such as the site-packages of Python.
 *
 * @param options.cuda whether it is a build for GPUs
 */
export function madeLibrary(
  packages: string,
  { cuda }: { readonly cuda: boolean },
): { library: string } {
  const library = `${packages}/tensorflow/libtensorflow_cc.so.2`;
  const folders = cuda ? Object.keys(nvidia).map((name) => `$ORIGIN/../nvidia/${name}/lib`) : [];
  put(library, sharedObject({ needed: ["libtensorflow_framework.so.2"], folders: ["$ORIGIN/"] }));
  put(
    `${packages}/tensorflow/libtensorflow_framework.so.2`,
    sharedObject({ needed: ["libc.so.6"], folders }),
  );
  return { library };
}

/** Puts NVIDIA's libraries next to it, as its wheels do, with the versions of a wheel. */
export function madeCudaWheels(packages: string, version: string): void {
  for (const [name, files] of Object.entries(nvidia)) {
    for (const file of files) put(`${packages}/nvidia/${name}/lib/${file}`, "");
    Deno.mkdirSync(`${packages}/nvidia_${name}_cu12-${version}.dist-info`, { recursive: true });
  }
}

/** Puts them into one folder as a system has them: links to files that are named after versions. */
export function madeSystemCuda(folder: string, version: string): void {
  for (const file of Object.values(nvidia).flat()) {
    const name = `${file.replace(/\d+$/, "")}${version}`;
    put(`${folder}/${name}`, "");
    Deno.symlinkSync(name, `${folder}/${file}`);
  }
}

function put(path: string, content: Uint8Array | string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeFileSync(
    path,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
}

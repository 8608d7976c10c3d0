/**
 * Asks NVIDIA's driver which GPUs it shows to this process. Its C interface (libcuda) is the same for all
 * of its versions, and numbers the GPUs as TensorFlow does.
 */

/** What decides results and how much fits: `NVIDIA H200`. */
export interface Gpu {
  readonly name: string;
  /** Bytes. */
  readonly memory: number;
}

// deno-fmt-ignore
const symbols = {
  cuInit: { parameters: ["u32"], result: "i32" }, // flags
  cuDeviceGetCount: { parameters: ["buffer"], result: "i32" }, // count
  cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" }, // device, ordinal
  cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" }, // name, len, device
  cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" }, // bytes, device
} as const satisfies Deno.ForeignLibraryInterface;

/** `NVIDIA H200, 139.8 GiB` */
export function gpuText({ name, memory }: Gpu): string {
  return `${name}, ${(memory / 2 ** 30).toFixed(1)} GiB`;
}

/** The GPUs in the order in which processes see them; none if the driver does not answer. */
export function describeGpus(driver: string = "libcuda.so.1"): Gpu[] {
  try {
    return gpusOf(Deno.dlopen(driver, symbols).symbols); // it stays open: it is not made to be closed
  } catch {
    return [];
  }
}

function gpusOf(c: Deno.DynamicLibrary<typeof symbols>["symbols"]): Gpu[] {
  const number = new Int32Array(1);
  if (c.cuInit(0) !== 0 || c.cuDeviceGetCount(number) !== 0) return [];
  return Array.from({ length: number[0]! }, (_, ordinal) => {
    const [device, memory] = [new Int32Array(1), new BigUint64Array(1)];
    const name = new Uint8Array(256);
    check(c.cuDeviceGet(device, ordinal));
    check(c.cuDeviceGetName(name, name.length, device[0]!));
    check(c.cuDeviceTotalMem_v2(memory, device[0]!));
    const text = new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
    return { name: text, memory: Number(memory[0]) };
  });
}

function check(code: number): void {
  if (code !== 0) throw new Error(`CUDA error ${code}`);
}

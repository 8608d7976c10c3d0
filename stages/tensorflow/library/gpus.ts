/** Which GPUs there are, and which of them CUDA_VISIBLE_DEVICES leaves. Nothing is opened. */

/**
 * The GPUs that a process started now would see, each by a name that CUDA_VISIBLE_DEVICES takes: a
 * number, or a UUID if the user has named UUIDs. Follows NVIDIA's documentation: without the variable
 * all are visible, and otherwise those before the first name that is none; "" leaves none.
 *
 * @param options.devices the folder in which the driver shows the GPUs
 */
export function visibleGpus(
  environment: Pick<typeof Deno.env, "get"> = Deno.env,
  { devices = "/dev" }: { readonly devices?: string } = {},
): string[] {
  const count = gpusIn(devices);
  const visible = environment.get("CUDA_VISIBLE_DEVICES");
  if (visible === undefined) return Array.from({ length: count }, (_, gpu) => String(gpu));
  const names = visible.split(",").map((name) => name.trim());
  const wrong = names.findIndex((name) => !isGpu(name, count));
  return names.slice(0, wrong < 0 ? names.length : wrong);
}

/** CUDA numbers the GPUs that it may use from 0, also where a container has only /dev/nvidia3. */
function isGpu(name: string, count: number): boolean {
  if (/^\d+$/.test(name)) return Number(name) < count;
  return count > 0 && /^(GPU|MIG)-./.test(name);
}

/** The driver shows GPUs as /dev/nvidia0, /dev/nvidia1, …; within Windows, all of them as /dev/dxg. */
function gpusIn(folder: string): number {
  try {
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    const numbered = names.filter((name) => /^nvidia\d+$/.test(name)).length;
    return numbered === 0 && names.includes("dxg") ? 1 : numbered;
  } catch {
    return 0;
  }
}

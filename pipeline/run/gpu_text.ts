/**
 * What is recorded of the GPUs that compute a result: `NVIDIA H200, 139.8 GiB, driver 570.86.15`. Several
 * kinds are joined by `and`.
 *
 * @param described model and memory of each visible GPU; without them, the driver's files below /proc
 *   give the models of all GPUs of the machine
 * @param gpus numbers of the visible GPUs in question; by default all of them
 * @returns undefined if nothing is known
 */
export function gpuText(
  described: readonly string[],
  gpus?: readonly number[],
  folder = "/proc/driver/nvidia",
): string | undefined {
  const chosen = gpus?.flatMap((gpu) => described[gpu] ?? []) ?? described;
  const kinds = new Set(chosen.length > 0 ? chosen : modelsIn(folder));
  if (kinds.size === 0) return undefined;
  const driver = /Kernel Module.*?\s(\d+(?:\.\d+)+)\s/.exec(textOf(`${folder}/version`))?.[1];
  return [...kinds].sort().join(" and ") + (driver === undefined ? "" : `, driver ${driver}`);
}

function modelsIn(folder: string): string[] {
  return namesIn(`${folder}/gpus`).flatMap((name) =>
    /^Model:\s*(.+)$/m.exec(textOf(`${folder}/gpus/${name}/information`))?.[1]?.trim() ?? []
  );
}

function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    return [];
  }
}

/** Empty if it cannot be read, as in some containers. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

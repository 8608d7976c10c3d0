/**
 * Models of the GPUs and version of their driver, as NVIDIA's driver shows them below /proc; undefined
 * if there are none. From its documentation; not tested.
 */
export function gpuModel(folder = "/proc/driver/nvidia"): string | undefined {
  const models = new Set(
    namesIn(`${folder}/gpus`).flatMap((name) =>
      /^Model:\s*(.+)$/m.exec(textOf(`${folder}/gpus/${name}/information`))?.[1]?.trim() ?? []
    ),
  );
  if (models.size === 0) return undefined;
  const driver = /Kernel Module.*?\s(\d+(?:\.\d+)+)\s/.exec(textOf(`${folder}/version`))?.[1];
  return [...models].sort().join(" and ") + (driver === undefined ? "" : `, driver ${driver}`);
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

/** Measures what takes up space in a results folder. */

export interface DiskUse {
  /** A kind of stage, for its complete artifacts, or another part of the folder in parentheses. */
  readonly kind: string;
  readonly files: number;
  readonly bytes: number;
}

/** Largest first, without empty parts. Tolerates files that vanish in the meantime. */
export function diskUse(root: string): DiskUse[] {
  const kinds = listed(`${root}/artifacts`).map(({ name }) => ({
    kind: name,
    ...below(`${root}/artifacts/${name}`),
  }));
  const state = listed(`${root}/state`).filter(({ name }) => name !== "set_aside")
    .map((entry) => use(`${root}/state`, entry));
  const database = listed(root).filter(({ name }) => name.startsWith("results.duckdb"))
    .map((entry) => use(root, entry));
  return [
    ...kinds,
    { kind: "(in progress, or left by a killed run)", ...below(`${root}/pending`) },
    { kind: "(set aside: damaged or replaced)", ...below(`${root}/state/set_aside`) },
    { kind: "(database)", ...sum(database) },
    { kind: "(requests and caches)", ...sum(state) },
  ].filter(({ files }) => files > 0).sort((a, b) => b.bytes - a.bytes);
}

type Use = Omit<DiskUse, "kind">;

/** Number and total size of all files below a folder. */
export function below(folder: string): Use {
  return sum(listed(folder).map((entry) => use(folder, entry)));
}

function use(folder: string, { name, isDirectory }: Deno.DirEntry): Use {
  const path = `${folder}/${name}`;
  if (isDirectory) return below(path);
  try {
    return { files: 1, bytes: Deno.lstatSync(path).size };
  } catch {
    return { files: 0, bytes: 0 };
  }
}

function sum(uses: readonly Use[]): Use {
  return uses.reduce((all, { files, bytes }) => ({
    files: all.files + files,
    bytes: all.bytes + bytes,
  }), { files: 0, bytes: 0 });
}

function listed(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return [];
  }
}

/** What takes the room in a results folder. */

export interface DiskUse {
  /** A kind of stage, whose complete artifacts are meant, or another part of the folder. */
  readonly kind: string;
  readonly files: number;
  readonly bytes: number;
}

/** Largest first; parts that hold no file are left out. Goes on when files vanish meanwhile. */
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
    { kind: "(being made, or left by a kill)", ...below(`${root}/pending`) },
    { kind: "(set aside: damaged or replaced)", ...below(`${root}/state/set_aside`) },
    { kind: "(database)", ...sum(database) },
    { kind: "(what was asked, caches)", ...sum(state) },
  ].filter(({ files }) => files > 0).sort((a, b) => b.bytes - a.bytes);
}

type Use = Omit<DiskUse, "kind">;

/** Files below a folder, and their sizes added up. */
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

/** What is in a folder. One that does not exist, or that is a file, holds nothing. */

/** Names of all entries, sorted. */
export function namesIn(folder: string): string[] {
  return entriesOf(folder).map(({ name }) => name);
}

/** Names of the files, or of links to something that is not a folder, sorted. */
export function filesIn(folder: string, { ending = "" }: { ending?: string } = {}): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.name.endsWith(ending) && !isFolder(folder, entry))
    .map(({ name }) => name);
}

/** Names of the folders and of links to folders, sorted. */
export function foldersIn(folder: string): string[] {
  return entriesOf(folder).filter((entry) => isFolder(folder, entry)).map(({ name }) => name);
}

function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)].sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return [];
    }
    throw error;
  }
}

function isFolder(folder: string, { name, isDirectory, isSymlink }: Deno.DirEntry): boolean {
  if (!isSymlink) return isDirectory;
  try {
    return Deno.statSync(`${folder}/${name}`).isDirectory;
  } catch {
    return false; // its target is gone
  }
}

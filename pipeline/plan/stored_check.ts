/** Checks what is stored for an experiment against its manifests. */
import type { ArtifactStore, Found } from "../store/artifact_store.ts";
import { damageIn, extraFile } from "../store/commit.ts";
import type { KeyedNode } from "../key/key.ts";
import type { Progress } from "../contract/progress.ts";
import { dropFileStamps, writeFileStamps } from "../store/file_stamps.ts";

/**
 * Compares size, time and inode of the files of every node's artifact, and reads the content of files
 * where these have changed, or of all files on request. Intact files that were read are trusted from
 * then on.
 *
 * @param options.everything read all files
 * @param options.writes the store may be written, to remember which files are intact
 */
export async function checkStored(
  nodes: readonly KeyedNode[],
  store: ArtifactStore,
  { everything, writes, progress }: {
    everything: boolean;
    writes: boolean;
    progress: () => Progress;
  },
): Promise<(node: KeyedNode) => Found> {
  const found = new Map(
    nodes.map(({ key, definition: { name } }) => [key, { name, state: store.find(name, key) }]),
  );
  const doubtful = [...found].flatMap(([key, { name, state }]) => {
    if (state.state !== "complete") return [];
    const { manifest, touched } = state;
    const files = everything
      ? manifest.files
      : manifest.files.filter(({ path }) => touched.includes(path));
    if (files.length === 0) return [];
    return [{ key, folder: store.completeFolder(name, key), manifest, files }];
  });
  const bytes = doubtful.flatMap(({ files }) => files).reduce((sum, { size }) => sum + size, 0);
  const shown = bytes > 500e6 ? progress() : undefined;
  for (const [place, { key, folder, manifest, files }] of doubtful.entries()) {
    const extra = everything ? extraFile(folder, files) : undefined;
    const reason = extra === undefined
      ? await damageIn(folder, files)
      : `the file ${extra} was added to it`;
    shown?.report(place + 1, doubtful.length, "stored results read");
    if (reason !== undefined) found.get(key)!.state = { state: "broken", reason };
    if (writes) {
      attempt(() =>
        reason === undefined ? writeFileStamps(folder, manifest.files) : dropFileStamps(folder)
      );
    }
  }
  return ({ key }) => found.get(key)!.state;
}

/** If writing fails, the files are read again next time. */
function attempt(write: () => void): void {
  try {
    write();
  } catch {
    // The results may be read-only.
  }
}

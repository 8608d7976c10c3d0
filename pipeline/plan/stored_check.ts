/** What is stored of an experiment, and whether it is still what its manifests say. */
import type { ArtifactStore, Found } from "../store/artifact_store.ts";
import { damageIn, extraFile } from "../store/commit.ts";
import type { KeyedNode } from "../key/key.ts";
import type { Progress } from "../contract/progress.ts";
import { dropFileStamps, writeFileStamps } from "../store/file_stamps.ts";

/**
 * Looks at every node's artifact: size, time and inode of its files, and where one of them is not as
 * it was, or all are asked for, at the contents. What was read and is whole is trusted from then on.
 *
 * @param options.everything read all files
 * @param options.writes what was found whole may be noted in the store
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
    const reason = extra === undefined ? await damageIn(folder, files) : `${extra} was put into it`;
    shown?.report(place + 1, doubtful.length, "stored results read");
    if (reason !== undefined) found.get(key)!.state = { state: "broken", reason };
    if (writes) {
      note(() =>
        reason === undefined ? writeFileStamps(folder, manifest.files) : dropFileStamps(folder)
      );
    }
  }
  return ({ key }) => found.get(key)!.state;
}

/** Where it cannot be noted, it is read again the next time. */
function note(write: () => void): void {
  try {
    write();
  } catch {
    // The results may be ours to read only.
  }
}

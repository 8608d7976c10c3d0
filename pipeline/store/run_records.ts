/** What is kept about runs beside their results, to be deleted with them: failures, certificates, code. */
import { filesIn } from "../disk/listing.ts";
import type { ArtifactStore } from "./artifact_store.ts";
import { keptCode } from "./code_record.ts";

export interface RunRecordFile {
  /** Relative to the results folder. */
  readonly path: string;
  /** Keys of the runs, or digests of the code, that it is about. */
  readonly owners: readonly string[];
}

/** Every such file; files that no run wrote are left out. */
export function runRecordFiles(store: ArtifactStore): RunRecordFile[] {
  const named = (folder: string, pattern: RegExp) =>
    filesIn(store.stateFile(folder)).flatMap((name) => {
      const owner = pattern.exec(name)?.[1];
      return owner === undefined ? [] : [{ path: `state/${folder}/${name}`, owners: [owner] }];
    });
  return [
    ...named("failed", /^([0-9a-f]{64})\.json$/),
    ...named("certificates", /^([0-9a-f]{64})-\d+\.json$/),
    ...keptCode(store),
  ];
}

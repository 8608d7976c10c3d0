/**
 * Records of requests as earlier versions stored them: in `state/asked/`, with their time as `asked`.
 * They are read where they are. The next process that keeps a request, or deletes some, moves them to
 * `state/requested/`: each is written there before it is removed here, so a kill loses nothing.
 */
import type { ArtifactStore } from "./artifact_store.ts";
import * as v from "valibot";
import { exists } from "../disk/read_if_there.ts";
import { filesIn } from "../disk/listing.ts";
import { storedContent } from "../disk/stored_json.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

/** Where records are, below `state/`. */
export const requestFolder = "requested";

/** Where records of earlier versions are, below `state/`. */
export const oldRequestFolder = "asked";

/** The record with its time as `requested`, as today's versions write it. */
export function withRequestedTime<Record extends { readonly requested: string }>(
  record: Record & { readonly asked?: string },
): Record {
  const { asked, ...rest } = record;
  return asked === undefined ? record : { ...rest, requested: asked } as unknown as Record;
}

/** Overwrites no later request with the same id. Kept reports are dropped, and written again when needed. */
export function moveOldRequests(store: ArtifactStore): void {
  const folder = store.stateFile(oldRequestFolder);
  if (!exists(folder)) return;
  Deno.mkdirSync(store.stateFile(requestFolder), { recursive: true });
  for (const name of filesIn(folder)) {
    if (name.endsWith(".json")) {
      moveRecord(`${folder}/${name}`, store.stateFile(`${requestFolder}/${name}`));
    }
    if (name.endsWith(".json") || name.endsWith(".txt")) remove(`${folder}/${name}`);
  }
  remove(folder);
}

function moveRecord(from: string, to: string): void {
  const [old, known] = [from, to].map((path) => storedContent(path, timedSchema));
  if (old === undefined) return; // another process has moved it, or it is damaged
  const record = withRequestedTime(old as { requested: string });
  if (
    known !== undefined && withRequestedTime(known as typeof record).requested >= record.requested
  ) {
    return;
  }
  writeAtomically(to, `${JSON.stringify(record)}\n`);
}

/** A record of this or an earlier version. */
const timedSchema = v.union([
  v.looseObject({ requested: v.string() }),
  v.looseObject({ asked: v.string() }),
]);

/** A folder in which an earlier version still writes stays. */
function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (!(error instanceof Deno.errors.NotFound) && code !== "ENOTEMPTY") throw error;
  }
}

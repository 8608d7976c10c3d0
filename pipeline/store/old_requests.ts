/**
 * Records of requests as earlier versions stored them: in `state/asked/`, with their time as `asked`.
 * They are read where they are. The next process that keeps a request, or deletes some, moves them to
 * `state/requested/`: each is written there before it is removed here, so a kill loses nothing.
 */
import type { ArtifactStore } from "./artifact_store.ts";
import { readIfThere } from "../disk/read_if_there.ts";
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
  const names = namesIn(folder);
  if (names === undefined) return;
  Deno.mkdirSync(store.stateFile(requestFolder), { recursive: true });
  for (const name of names) {
    if (name.endsWith(".json")) {
      moveRecord(`${folder}/${name}`, store.stateFile(`${requestFolder}/${name}`));
    }
    if (name.endsWith(".json") || name.endsWith(".txt")) remove(`${folder}/${name}`);
  }
  remove(folder);
}

function moveRecord(from: string, to: string): void {
  const text = readIfThere(from);
  if (text === undefined) return; // another process has moved it
  const [old, known] = [timeIn(text), timeIn(readIfThere(to) ?? "")];
  if (old === undefined || (known !== undefined && known >= old)) return;
  writeAtomically(to, `${JSON.stringify(withRequestedTime(JSON.parse(text)))}\n`);
}

/** Undefined if the text is not a record. */
function timeIn(text: string): string | undefined {
  try {
    return withRequestedTime<{ requested: string }>(JSON.parse(text)).requested;
  } catch {
    return undefined;
  }
}

/** A folder in which an earlier version still writes stays. */
function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (!(error instanceof Deno.errors.NotFound) && code !== "ENOTEMPTY") throw error;
  }
}

function namesIn(folder: string): string[] | undefined {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

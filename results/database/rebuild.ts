import { existsSync } from "node:fs";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { DatabaseBroken, databaseFile, withDatabase } from "./database.ts";
import { reconcile, setDatabaseAside } from "./reconcile.ts";

/**
 * Makes the database anew from the artifacts; the one before is kept aside.
 *
 * @returns what was done, in words
 */
export async function rebuildDatabase(root: string): Promise<string> {
  if (!existsSync(`${root}/artifacts`)) {
    throw new Complaint(
      "there are no artifacts to rebuild from",
      "name the results folder with --results, or run an experiment first",
      { place: { file: root } },
    );
  }
  await refuseIfTaken(root);
  const aside = existsSync(databaseFile(root)) ? setDatabaseAside(root) : undefined;
  const runs = await reconcile(root, console.error);
  const kept = aside === undefined ? "" : `; the one before is kept in ${aside}`;
  return `made the result database anew from ${runs} artifacts${kept}`;
}

/** A file must not be moved from under a process that writes it. */
async function refuseIfTaken(root: string): Promise<void> {
  if (!existsSync(databaseFile(root))) return;
  try {
    await withDatabase(root, () => Promise.resolve());
  } catch (error) {
    if (error instanceof Complaint && !(error instanceof DatabaseBroken)) throw error;
  }
}

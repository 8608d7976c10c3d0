/**
 * The machines that worked on a pending folder: `log/machines.json`, kept as long as its checkpoints
 * are. So a result says if another machine computed its first part.
 */
import * as v from "valibot";
import { differsIn, type Versions } from "../contract/mixed_facts.ts";
import { storedContent } from "../disk/stored_json.ts";
import { writeAtomically } from "../disk/atomic_write.ts";
import { hasCheckpoint, type Pending, pendingIn } from "./commit.ts";

/**
 * Adds this machine to those of a pending folder.
 *
 * @returns those that worked on it before and differ in a fact that may change results
 */
export function addMachine({ log }: Pick<Pending, "log">, now: Versions): Versions[] {
  const known = machinesIn(log);
  const isKnown = known.some((machine) => !differsIn(machine, now));
  if (!isKnown) writeAtomically(fileIn(log), JSON.stringify([...known, now]), { sync: false });
  return known.filter((machine) => differsIn(machine, now));
}

/** The machines that computed up to the checkpoint in a pending folder; none without a checkpoint. */
export function machinesOf(folder: string): Versions[] {
  const pending = pendingIn(folder);
  return hasCheckpoint(pending) ? machinesIn(pending.log) : [];
}

/** None if the file is missing or damaged. */
function machinesIn(log: string): Versions[] {
  return storedContent(fileIn(log), machineList) ?? [];
}

const machineList = v.array(v.record(v.string(), v.string()));

function fileIn(log: string): string {
  return `${log}/machines.json`;
}

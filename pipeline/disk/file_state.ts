/**
 * What a file's directory entry says about it. Content that was read while a file was settled need
 * not be read again until its state changes.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Clock, systemClock } from "../contract/clock.ts";

/** A file and its state at some time. */
export interface FileState {
  readonly path: string;
  readonly state: string;
}

/** Size, modification and inode as text, which changes when the file does; empty without a file. */
export function fileState(path: string): string {
  const stat = statOf(path);
  return stat === undefined ? "" : stateIn(stat);
}

/** A file's state, and whether every later change of the file will change it. */
export interface Look {
  readonly state: string;
  /**
   * The clock of the file system has moved on since the last change. Within one tick of that clock a
   * file can be rewritten with the same size and keep its state.
   */
  readonly settled: boolean;
}

/**
 * A function that looks at files. A file is settled if it last changed longer ago than a tick, or if
 * an earlier look, at least a tick ago, found the same state: the times of another computer's disk
 * may be ahead of this computer's clock.
 */
export function fileLooks(clock: Clock = systemClock): (path: string) => Look {
  const earlier = new Map<string, { state: string; milliseconds: number }>();
  return (path) => {
    const now = Date.parse(clock.now());
    const stat = statOf(path);
    if (stat === undefined) return { state: "", settled: true };
    const state = stateIn(stat);
    const { time, tick } = lastChange(stat);
    if (time + tick < now) return { state, settled: true };
    const before = earlier.get(path);
    if (before?.state !== state) {
      earlier.set(path, { state, milliseconds: now });
      return { state, settled: false };
    }
    return { state, settled: before.milliseconds + tick < now };
  };
}

/** Waits for less than the longest tick; then it is time to look again. */
export async function waitForTick(): Promise<void> {
  await delay(fineTick);
}

/** In milliseconds: common file systems tick every 10 ms or faster. */
const fineTick = 50;
/** Some file systems keep whole seconds, or every second one. */
const coarseTick = 2000;

/** When a file last changed, at the latest, and how far apart the times of two changes are. */
function lastChange({ mtime, ctime }: Deno.FileInfo): { time: number; tick: number } {
  const modified = mtime?.getTime() ?? 0;
  const changed = ctime?.getTime() ?? modified;
  const whole = (time: number) => time % 1000 === 0;
  // Deno gives only the second in which a file's entry changed. If the content was modified in the
  // same second, that is the change.
  if (Math.floor(modified / 1000) * 1000 === changed && !whole(modified)) {
    return { time: modified, tick: fineTick };
  }
  return { time: changed, tick: whole(changed) ? coarseTick : fineTick };
}

function stateIn({ size, mtime, ctime, ino }: Deno.FileInfo): string {
  return `${size} ${mtime?.getTime()} ${ctime?.getTime()} ${ino}`;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    const code = (error as { code?: string }).code ?? "";
    if (error instanceof Deno.errors.NotFound || ["ENOENT", "ENOTDIR"].includes(code)) {
      return undefined;
    }
    throw error;
  }
}

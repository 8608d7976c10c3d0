/**
 * Errors that a user can fix: what is wrong, where, and how to fix it. Anything else that is thrown
 * is a bug in this program and is printed with `internal:`.
 *
 *     error: stage `tuned` reads `featurs`, which no stage writes
 *       --> experiments/scenes_iais.yaml:9:34
 *     fix: did you mean `features`?
 *
 * @module
 */

/** Where an error is. */
export interface Place {
  /** Path of the file, or the command-line option, such as `--set tuned.steps=3`. */
  readonly file: string;
  /** Counted from 1; absent when the error concerns the whole file. */
  readonly line?: number;
  /** Counted from 1. */
  readonly column?: number;
}

/** 1: a stage failed. 2: the request was invalid, and nothing was written. */
export type ExitCode = 1 | 2;

/** One error that a user can fix. */
export class Complaint extends Error {
  /** Shown by `Deno.inspect`, in place of "Error". */
  override readonly name = "Complaint";
  /**
   * To be thrown, or collected for `throwComplaints`.
   * @param what one line: what is wrong
   * @param fix how to fix it, or what to look at
   * @param options where it is; the exit code is 2 without it
   */
  constructor(
    readonly what: string,
    readonly fix: string,
    readonly options: {
      readonly place?: Place;
      readonly exitCode?: ExitCode;
      readonly cause?: unknown;
    } = {},
  ) {
    super(what, { cause: options.cause });
  }

  /** Exit code of the program if this error ends it. */
  get exitCode(): ExitCode {
    return this.options.exitCode ?? 2;
  }

  /** The whole message, as the user sees it. */
  override toString(): string {
    const { place } = this.options;
    const where = place === undefined ? [] : [`  --> ${printPlace(place)}`];
    return [`error: ${this.what}`, ...where, `fix: ${this.fix}`].join("\n");
  }
}

const mostShown = 20;

/** Several errors in one request, so that a user can fix a file in one go. */
export class ComplaintList extends Error {
  /** Shown by `Deno.inspect`, in place of "Error". */
  override readonly name = "ComplaintList";
  /** Takes at least two complaints, in the order of the file. */
  constructor(readonly complaints: readonly Complaint[]) {
    super(complaints.map((complaint) => complaint.what).join("; "));
  }

  /** That of the first complaint. */
  get exitCode(): ExitCode {
    return this.complaints[0]?.exitCode ?? 2;
  }

  /** The first 20 messages, and whether there are more. */
  override toString(): string {
    const shown = this.complaints.slice(0, mostShown).map(String);
    if (this.complaints.length > mostShown) shown.push("There are more errors.");
    return shown.join("\n\n");
  }
}

/** Whether further complaints would not be shown: a file may have an error in every line. */
export function enough({ length }: readonly Complaint[]): boolean {
  return length > mostShown;
}

/** Without those whose whole text is the same. */
export function distinctErrors(collected: readonly Complaint[]): Complaint[] {
  return [...new Map(collected.map((one) => [String(one), one])).values()];
}

/** Throws the collected errors, if any: one as itself, several as a list without duplicates. */
export function throwComplaints(collected: readonly Complaint[]): void {
  const distinct = distinctErrors(collected);
  if (distinct.length === 1) throw distinct[0];
  if (distinct.length > 1) throw new ComplaintList(distinct);
}

/** `file:line:column`, which editors and terminals make clickable. */
export function printPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

/** Longer words get no suggestion: the edit distance takes quadratic time. */
const longestWord = 200;

/** The question after a misspelled word, `did you mean …?`; undefined when no candidate is close. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const suggestion = nearest(word, candidates);
  return suggestion === undefined ? undefined : `did you mean \`${suggestion}\`?`;
}

/** The candidate closest to a misspelled word; undefined when none is close enough to suggest. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  if (word.length > longestWord) return undefined;
  for (const candidate of candidates) {
    if (Math.abs(word.length - candidate.length) >= bestDistance) continue;
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance that also allows swapping neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let distance = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + cost,
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        distance = Math.min(distance, beforePrevious[column - 2]! + 1);
      }
      current.push(distance);
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[b.length]!;
}

/**
 * Errors that a user can mend: what, where, how. Everything else that is thrown is a bug of ours
 * and is printed with `internal:`.
 *
 *     error: stage `tuned` reads `featurs`, which no stage writes
 *       --> experiments/scenes_iais.yaml:9:34
 *     fix: did you mean `features`?
 */
export interface Place {
  readonly file: string;
  /** From 1; absent when the whole file is meant. */
  readonly line?: number;
  readonly column?: number;
}

/** 1: a stage failed. 2: the request was wrong, and nothing was written. */
export type ExitCode = 1 | 2;

export class Complaint extends Error {
  override readonly name = "Complaint";
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

  get exitCode(): ExitCode {
    return this.options.exitCode ?? 2;
  }

  /** The whole text, as the user sees it. */
  override toString(): string {
    const { place } = this.options;
    const where = place === undefined ? [] : [`  --> ${printPlace(place)}`];
    return [`error: ${this.what}`, ...where, `fix: ${this.fix}`].join("\n");
  }
}

/** More of them help nobody. */
const mostTold = 20;

/** Several complaints about one request, so that a file is mended in one go. */
export class ComplaintList extends Error {
  override readonly name = "ComplaintList";
  constructor(readonly complaints: readonly Complaint[]) {
    super(complaints.map((complaint) => complaint.what).join("; "));
  }

  get exitCode(): ExitCode {
    return this.complaints[0]?.exitCode ?? 2;
  }

  override toString(): string {
    const told = this.complaints.slice(0, mostTold).map(String);
    if (this.complaints.length > mostTold) told.push("There is more of the kind.");
    return told.join("\n\n");
  }
}

/** Whether more complaints would not be told: a file may have a mistake in every line. */
export function enough({ length }: readonly Complaint[]): boolean {
  return length > mostTold;
}

/** Throws what was collected: nothing, the one complaint, or the list. Equal texts are said once. */
export function throwComplaints(collected: readonly Complaint[]): void {
  const different = [...new Map(collected.map((one) => [String(one), one])).values()];
  if (different.length === 1) throw different[0];
  if (different.length > 1) throw new ComplaintList(different);
}

/** `file:line:column`, as editors and terminals make clickable. */
export function printPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

/** Nobody misspells a longer one, and the distance takes time that grows with the square. */
const longestWord = 200;

/** The candidate nearest to a misspelt word, if any is near enough to be meant. */
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

/** Levenshtein distance with transpositions of neighbours (optimal string alignment). */
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

/** What stands on the command line without an option's name: how much of it a command takes. */
import { Complaint } from "../contract/complaint.ts";

export function onePositional(
  positionals: readonly string[],
  what: string,
  example: string,
): string {
  const [first, second] = positionals;
  if (first === undefined || first.trim() === "") {
    throw new Complaint(`which ${what}?`, `for example: ${example}`);
  }
  if (second !== undefined) {
    throw new Complaint(
      `one ${what} is expected, and \`${second}\` is a second`,
      `put quotes around what belongs together, as in: ${example}`,
    );
  }
  return first;
}

export function oneOrNone(
  positionals: readonly string[],
  what: string,
  example: string,
): string | undefined {
  return positionals.length === 0 ? undefined : onePositional(positionals, what, example);
}

export function noPositionals([first]: readonly string[], example: string): void {
  if (first === undefined) return;
  throw new Complaint(`\`${first}\` is not expected here`, `write \`${example}\``);
}

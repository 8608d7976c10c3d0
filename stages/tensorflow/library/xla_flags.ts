/**
 * The variable XLA_FLAGS: the user's flags with ours behind them. It holds flags, separated by white
 * space, or the name of a file that does.
 */
import { Complaint } from "../../../pipeline/contract/complaint.ts";

/** Flags that change no number: where XLA writes what it compiles, and where it finds its tools. */
const harmless = /^--?xla_(dump_\w+|gpu_cuda_data_dir)(=|$)/;

/** The flags of the variable, one by one; none if it is not set. */
export function readFlags(value: string | undefined): string[] {
  const text = value?.trim() ?? "";
  const flags = text === "" || text.startsWith("-") ? text : textOf(text);
  return flags.match(/(?:[^\s"']|"(?:\\.|[^"\\])*"|'[^']*')+/g) ?? [];
}

/** The user's flags and ours, except those that the user has set. */
export function withFlags(value: string | undefined, ours: readonly string[]): string {
  const given = readFlags(value);
  const named = new Set(given.map(nameOf));
  return [...given, ...ours.filter((flag) => !named.has(nameOf(flag)))].join(" ");
}

/** The flags that can change results, without those that are set to what we set ourselves; "" if none. */
export function decisiveFlags(value: string | undefined, ours: readonly string[]): string {
  return readFlags(value).filter((flag) => !harmless.test(flag) && !ours.includes(flag)).join(" ");
}

/** A flag with a value that may have spaces. */
export function quotedFlag(name: string, value: string): string {
  return /[\s"'\\]/.test(value)
    ? `--${name}="${value.replace(/["\\]/g, "\\$&")}"`
    : `--${name}=${value}`;
}

function nameOf(flag: string): string {
  return flag.replace(/^--?/, "").split("=", 1)[0]!;
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    throw new Complaint(
      `XLA_FLAGS names a file that cannot be read: ${(cause as Error).message}`,
      "write flags, which begin with --, or the name of a file that holds them; or unset XLA_FLAGS",
      { place: { file: path }, cause },
    );
  }
}
